import { Command } from 'commander'
import { KeyRotations } from '../../../src/gateway/govern/key-rotation.ts'
import { type NewMasterKey, registerKeys } from '../../../src/inbound/cli/keys.ts'
import { DAY, HOUR } from '../../../src/kernel/time.ts'
import { AccessHouse } from '../../gateway/access-house.ts'

let house: AccessHouse
let masters: NewMasterKey[]
beforeEach(async () => {
  house = await AccessHouse.open()
  masters = []
  await house.client('acme', 'partner')
})

/** Runs one command: what it prints, and what it says meanwhile. */
async function bauta(...words: string[]) {
  const [printed, said]: [string[], string[]] = [[], []]
  const { keys, store: clients, clock } = house
  const recorder = { recordAction: async () => '' }
  const dayKeys = { days: async () => ['2026-01-30'] }
  const sources = { keys, dayKeys, masterSource: 'BAUTA_MASTER_KEY_FILE', clients }
  const parts = { ...sources, recorder, clock, overlapDays: 7, backupDays: 30 }
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} })
  registerKeys(program, {
    open: async () => ({ rotations: new KeyRotations(parts), close: async () => {} }),
    rotateMaster: async (next) => void masters.push(next),
    say: (text) => void said.push(text),
    print: (text) => void printed.push(text),
  })
  await program.parseAsync(['keys', ...words], { from: 'user' })
  return { printed: printed.join('\n'), said }
}

describe('bauta keys', () => {
  test('shows every kind of key, in a table or as JSON', async () => {
    const { printed } = await bauta('status')
    for (const word of [
      'pseudonyms',
      'acme',
      'wrapping',
      '0 people',
      'identifiers',
      'the beginning',
    ])
      expect(printed).toContain(word)
    const status = JSON.parse((await bauta('status', '--json')).printed)
    expect(status).toMatchObject({
      audiences: [{ audience: 'acme', current: 1, since: null, previous: null }],
      announced: [],
      wrapping: [{ number: 1, people: 0, retiredAt: null }],
    })
  })

  test('shows by which master key the folder is sealed, and nothing of it', async () => {
    const { master } = JSON.parse((await bauta('status', '--json')).printed)
    expect(master).toEqual({
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
      source: 'BAUTA_MASTER_KEY_FILE',
    })
    const { printed } = await bauta('status')
    expect(printed).toContain('BAUTA_MASTER_KEY_FILE')
    expect(printed).toContain(master.fingerprint)
  })

  test('shows how old keys of days and wrapping keys are, and when each ends', async () => {
    house.clock.pass(3 * DAY + HOUR)
    const lines = (await bauta('status')).printed.split('\n')
    const [day] = lines.filter((line) => line.includes('arguments in the trail'))
    expect(day).toMatch(/2026-01-30 .*2026-01-30T00:00:00\.000Z .*4 d .*after 2026-03-02T00:00:00/)
    const [wrapping] = lines.filter((line) => line.includes('wrapping'))
    expect(wrapping).toMatch(/3 d .*followed by another after 2026-03-02T09:30:00/)
    await bauta('rotate', 'wrapping')
    const [retired] = (await bauta('status')).printed
      .split('\n')
      .filter((line) => line.includes('retired'))
    expect(retired).toMatch(/retired 2026-01-31T09:30:00.000Z, destroyed after 2026-03-02T09:30:00/)
  })

  test('announces an epoch and says from when and until when', async () => {
    const { printed } = await bauta('rotate', 'pseudonyms', '--audience', 'acme')
    expect(printed).toMatch(/begins at .+Z; .+ accepted until .+Z\.$/)
    expect((await bauta('status')).printed).toContain('A new epoch of acme begins at')
    await expect(bauta('rotate', 'pseudonyms')).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(bauta('rotate', 'pseudonyms', '--audience', 'nobody')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('wraps everybody anew, and says how far it is', async () => {
    for (let n = 0; n < 3; n += 1) await house.newPerson()
    const { printed, said } = await bauta('rotate', 'wrapping')
    expect(said).toEqual(['3 of 3'])
    expect(printed).toContain('3 people')
    expect((await bauta('status')).printed).toMatch(/0 people.*1.*retired[\s\S]*3 people.*2/)
  })

  test('takes the new master key from a file or a command, not from both or none', async () => {
    await bauta('rotate', 'master', '--new-file', 'key')
    await bauta('rotate', 'master', '--new-command', 'show key')
    expect(masters).toEqual([{ file: 'key' }, { command: 'show key' }])
    await expect(bauta('rotate', 'master')).rejects.toThrow(/one of them/)
    await expect(
      bauta('rotate', 'master', '--new-file', 'key', '--new-command', 'x'),
    ).rejects.toThrow(/one of them/)
    expect(masters).toHaveLength(2)
  })
})
