/** Another gateway changed what this transaction had read: it is rolled back and run again. */
export class LostRace extends Error {
  override readonly name = 'LostRace'
}
