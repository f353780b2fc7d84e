import fc from 'fast-check'
import { consentAt } from '../../../src/domain/privacy/consent.ts'
import { HOUR } from '../../../src/kernel/time.ts'
import type { FreshDatabase } from '../../contracts/fresh-database.ts'
import { consent, IngestHouse, profile } from './ingest-house.ts'

interface Step {
  /** By how much the clock of the gateway that takes it goes wrong. */
  readonly wrong: number
  readonly given: boolean
  /** What is no decision comes afterwards, at a gateway whose clock goes so wrong; null: nothing comes. */
  readonly between: number | null
}

const wrong = fc.integer({ min: -2 * HOUR, max: 2 * HOUR })
const step = fc.record<Step>({ wrong, given: fc.boolean(), between: fc.option(wrong) })

/** Gateways on one database whose clocks differ: whoever decides last decides. */
export function decisionOrderContract(adapter: string, fresh: () => Promise<FreshDatabase>): void {
  describe(`decisions at several gateways on ${adapter}`, () => {
    let db: FreshDatabase
    let house: IngestHouse
    let start: number
    let people = 0
    beforeAll(async () => {
      db = await fresh()
      house = await IngestHouse.over(db)
      start = house.clock.now()
    })
    afterAll(async () => await db.drop())

    const at = async (wrong: number, input: unknown) => {
      house.clock.pass(start + wrong - house.clock.now())
      const { rejected } = await house.ingest.acceptLive('crm', [input], { verified: true })
      expect(rejected).toEqual([])
    }
    /** What a gateway with that clock goes by. */
    const stateAt = async (person: string, wrong: number) => {
      const row = await house.rowOf({ kind: 'userId', value: person })
      const { consent_later: later } = row as unknown as { consent_later: [number, string][] }
      return consentAt({ state: row?.state ?? '', later }, start + wrong)
    }

    const decide = async (person: string, { wrong, given, between }: Step): Promise<void> => {
      const state = given ? 'ConsentGiven' : 'ConsentWithdrawn'
      await at(wrong, consent({ userId: person }, 'PERSONALIZATION', state))
      const told = { language: given ? 'de' : 'fr' }
      if (between !== null) await at(between, profile(person, { userId: person }, told))
      for (const reader of [-3 * HOUR, 0, 3 * HOUR])
        expect(await stateAt(person, reader)).toContain(`PERSONALIZATION=${state}`)
    }

    test('saying the same again at the same instant of a clock is deciding again', async () => {
      for (const given of [true, false, true, false, true])
        await decide('again', { wrong: 0, given, between: null })
    })

    test('the last one holds, whatever any of their clocks says', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
          people += 1
          for (const one of steps) await decide(`person-${people}`, one)
        }),
        { numRuns: 25 },
      )
    })
  })
}
