import { prepareDemo } from '../src/demo.ts'
import { DEMO_SEED, generateDemo } from '../src/inbound/demo/generate.ts'
import { RunningGateway } from './running-gateway.ts'

/** Enough that there is somebody with the consents of person 1. */
const PEOPLE = 16

describe('the demo', () => {
  let running: RunningGateway
  beforeAll(async () => {
    running = await RunningGateway.start()
    for (const { source, kind, rows } of generateDemo(Date.now(), DEMO_SEED, PEOPLE).batches) {
      const { ingest } = running.gateway
      const batch = await ingest.openBatch({ source, kind, fingerprint: source })
      const numbered = [...rows()].map((input, index) => ({ rowNumber: index + 1, input }))
      await ingest.accept(batch, numbered)
      await ingest.finish(batch)
    }
    await running.gateway.fit.run()
  })
  afterAll(async () => await running.stop())

  test('starts again after its first person was erased, and says who stands for them now', async () => {
    const start = async () => await prepareDemo(running.gateway, () => {})
    const before = await start()
    const gone = await running.ask(before.subject, 'mutation { eraseProfile { stoppedAt } }')
    expect(gone.data.eraseProfile.stoppedAt).not.toBeNull()
    const { subject, frontend, partnerAcme } = await start()
    expect(partnerAcme).toEqual(before.partnerAcme)
    for (const as of [subject, frontend]) {
      expect(as.note).toContain('Person 1 was erased: this is person 15.')
      const { data } = await running.ask(as, '{ me { contact { name } } }')
      expect(data.me.contact.name).toEqual(expect.any(String))
    }
  })
})
