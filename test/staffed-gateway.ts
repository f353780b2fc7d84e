import type { SubjectId } from '../src/kernel/ids.ts'
import { type As, given, RunningGateway } from './running-gateway.ts'

const PURPOSES: Readonly<Record<string, string>> = {
  partner: 'PARTNER_SHARING',
  analyst: 'ANALYTICS',
  marketer: 'MARKETING',
  support: 'SERVICE',
  compliance: 'SUBJECT_RIGHTS',
}

/** A gateway over the policy as it stands, with one person, Vic, and a client of each role with its default scopes. */
export class StaffedGateway {
  readonly running: RunningGateway
  readonly person: SubjectId
  /** A front end that acts for Vic, and one that acts for a visitor. */
  readonly shop: As
  readonly visitor: As
  readonly #staff: ReadonlyMap<string, As>

  private constructor(
    running: RunningGateway,
    person: SubjectId,
    callers: { shop: As; visitor: As; staff: ReadonlyMap<string, As> },
  ) {
    this.running = running
    this.person = person
    this.shop = callers.shop
    this.visitor = callers.visitor
    this.#staff = callers.staff
  }

  static async open(prepare?: (dataDir: string) => void): Promise<StaffedGateway> {
    const running = await RunningGateway.start({}, 'policy', prepare)
    const staff = new Map<string, As>()
    for (const role of [...Object.keys(PURPOSES), 'admin']) {
      const token = await running.client({ id: role, roles: [role] })
      const purpose = PURPOSES[role]
      staff.set(role, purpose === undefined ? { token } : { token, purpose })
    }
    const feeder = { id: 'feeder', roles: ['ingest'], writeKey: 'server' as const }
    staff.set('ingest', { token: await running.client(feeder) })
    const person = await vic(running)
    const key = await running.client({ id: 'shop', roles: ['frontend'] })
    const purpose = 'PERSONALIZATION'
    const shop = { token: await running.tokenFor('shop', person), purpose }
    const visitor = { token: key, cookie: (await running.visitor(key)).cookie, purpose }
    return new StaffedGateway(running, person, { shop, visitor, staff })
  }

  async stop(): Promise<void> {
    await this.running.stop()
  }

  as(role: string): As {
    const found = this.#staff.get(role)
    if (!found) throw new Error(role)
    return found
  }

  get everybody(): readonly (readonly [role: string, as: As])[] {
    return [...this.#staff, ['frontend', this.shop], ['visitor', this.visitor]]
  }

  /** Vic, as this role knows them. */
  pseudonym(role: string): string {
    return this.running.pseudonym(role, this.person)
  }

  /** Fields of Vic's profile as this role sees them; null where it knows of no such person. */
  async seenBy(role: string, fields: string) {
    const query = `{ profile(id: "${this.pseudonym(role)}") { ${fields} } }`
    const { data, withheld } = await this.running.ask(this.as(role), query)
    return { profile: data.profile, reasons: withheld.map(({ reason }) => reason) }
  }

  /** How many rows there are that mutations write; what is refused adds none. */
  async written(): Promise<unknown> {
    const tables = ['event', 'record', 'consent_record', 'segment', 'item', 'quarantine']
    const counts = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`)
    const { database } = this.running.gateway.stores.opened
    return (await database.query(`SELECT ${counts.join(', ')}`))[0]
  }
}

async function vic(running: RunningGateway): Promise<SubjectId> {
  const [subject = ''] = await running.take('crm', [
    {
      type: 'profile',
      recordKey: 'crm-1',
      identifiers: given({ userId: 'u-1', email: 'vic@example.com' }),
      traits: { country: 'DE', plan: 'pro', name: 'Vic Vega' },
    },
    ...['PERSONALIZATION', 'MARKETING'].map((purpose) => ({
      type: 'consent' as const,
      identifiers: given({ userId: 'u-1' }),
      purpose,
      state: 'ConsentGiven' as const,
    })),
  ])
  return subject
}
