import type { ClientStore } from '../../domain/access/principal.ts'
import type { AuditLeaves } from '../../domain/audit/audit-leaves.ts'
import type { AuditLog } from '../../domain/audit/audit-log.ts'
import type { AuditEntry } from '../../domain/audit/entry.ts'
import type { MemberLists } from '../../domain/audit/member-lists.ts'
import { disclosedInWords, listedInWords, reasonInWords } from '../../domain/audit/plain-words.ts'
import type { TrailSubject, TrailSubjects } from '../../domain/audit/trail-subjects.ts'
import type { KeyStore } from '../../domain/privacy/key-store.ts'
import type { Policy } from '../../domain/privacy/policy.ts'
import type { Pseudonyms } from '../../domain/privacy/pseudonym.ts'
import { isoInstant } from '../../kernel/time.ts'
import type { Cursors } from './cursor.ts'
import { pageOf, pageSize } from './page.ts'
import type { Plan } from './plan.ts'
import type { ProfileRows } from './profile-rows.ts'
import type { DisclosureView, Page, ProfileView } from './views.ts'

/** What the trail is asked through. */
export interface DisclosurePorts {
  readonly log: AuditLog
  readonly leaves: AuditLeaves
  readonly memberLists: MemberLists
  readonly subjects: TrailSubjects
}

interface DisclosureDoorPorts {
  readonly trail: DisclosurePorts
  readonly keys: KeyStore
  readonly clients: ClientStore
  readonly cursors: Cursors
  /** Pseudonyms under which people stand as actors. */
  readonly actors: Pseudonyms
}

/** References under which a person stands in the trail, each with the times for which it was theirs. */
type Refs = ReadonlyMap<string, readonly Pick<TrailSubject, 'from' | 'to'>[]>

interface Numbered {
  readonly index: number
  readonly entry: AuditEntry
}

const MOST_DISCLOSURES = 100
const LIST = 'disclosures'
const OPERATOR_NAME = 'the operator'

/** Who saw what of a person, when and why: for the person, and for compliance. */
export class DisclosureDoor {
  readonly #policy: Policy
  readonly #rows: ProfileRows
  readonly #trail: DisclosurePorts
  readonly #ports: DisclosureDoorPorts
  readonly #audience: string
  /** How the person acted for is spoken of. */
  readonly #self: string
  /** The person's pseudonyms as an actor. */
  readonly #own = new Set<string>()

  constructor({ policy, grant }: Plan, rows: ProfileRows, ports: DisclosureDoorPorts) {
    this.#policy = policy
    this.#audience = grant.audience
    this.#self = grant.actsForSubject ? 'you yourself' : 'the person'
    this.#rows = rows
    this.#trail = ports.trail
    this.#ports = ports
  }

  /**
   * Newest first; entries that withheld everything are none. Null where the caller may not be told.
   * @throws Refusal BAD_USER_INPUT for a page too large or a foreign cursor.
   */
  async of(
    view: ProfileView,
    page: { first: number | null; after: string | null },
  ): Promise<Page<DisclosureView> | null> {
    const { row, decisions } = this.#rows.at(view)
    if (decisions.decideField('Query.disclosuresOf').reason !== null) return null
    const { cursors } = this.#ports
    const size = pageSize(page.first, MOST_DISCLOSURES)
    const list = [LIST, this.#audience, row.subjectId]
    const after = page.after === null ? null : (cursors.open(list, page.after) as number)
    const refs = await this.#refsOf(row.subjectId)
    const shown: { index: number; node: DisclosureView }[] = []
    for (let before = after; shown.length <= size; ) {
      const found = await this.#entries(refs, size + 1, before)
      for (const { index, entry } of found.entries) {
        const node = await this.#shown(entry, refs)
        if (node) shown.push({ index, node })
      }
      if (found.end === null) break
      before = found.end
    }
    return pageOf(shown, size, after !== null, ({ index, node }) => ({
      node,
      cursor: cursors.seal(list, index),
    }))
  }

  async #refsOf(subject: string): Promise<Refs> {
    const refs = new Map<string, Pick<TrailSubject, 'from' | 'to'>[]>()
    for (const { id, from, to } of await this.#ports.trail.subjects.of(subject)) {
      const ref = this.#ports.keys.auditRefOf(id)
      if (from === null) this.#own.add(this.#ports.actors.of(id))
      if (ref !== null) refs.set(ref, [...(refs.get(ref) ?? []), { from, to }])
    }
    return refs
  }

  /** The next entries that name the person themselves or by a list; `end`: where to go on, null at the end. */
  async #entries(
    refs: Refs,
    limit: number,
    before: number | null,
  ): Promise<{ entries: readonly Numbered[]; end: number | null }> {
    const subjectRefs = [...refs.keys()]
    const page = { limit, before }
    const named = await this.#trail.log.find({ subjectRefs }, page)
    const listed = await this.#trail.memberLists.naming(subjectRefs, page)
    const ends = [named.map(({ index }) => index), listed].flatMap((indices) =>
      indices.length < limit ? [] : (indices.at(-1) ?? []),
    )
    const end = ends.length > 0 ? Math.max(...ends) : null
    const leaves = await this.#trail.leaves.at(listed.filter((index) => index >= (end ?? 0)))
    const entries = [
      ...named.filter(({ index }) => index >= (end ?? 0)),
      ...leaves.flatMap(({ index, bytes }) => (bytes ? [{ index, entry: entryOf(bytes) }] : [])),
    ].sort((a, b) => b.index - a.index)
    return { entries, end }
  }

  async #shown(entry: AuditEntry, refs: Refs): Promise<DisclosureView | null> {
    if (entry.outcome !== 'permit') return null
    const at = Date.parse(entry.time)
    const fields = disclosedTo(entry, refs, at)
    const inBulk = typeof entry.action?.membersSha256 === 'string'
    const what = inBulk
      ? [listedInWords(entry)]
      : fields.flatMap(({ path, treatment }) => disclosedInWords(path, treatment) ?? [])
    if (what.length === 0) return null
    const byPerson = this.#own.has(entry.actor.userPseudonym ?? '')
    const by = await this.#nameOf(entry.actor.clientId)
    const why = reasonInWords(this.#policy, entry)
    const when = `${isoInstant(at).slice(0, 16).replace('T', ' at ')} UTC`
    return {
      at,
      by,
      audience: entry.audience,
      purpose: entry.purpose,
      legalBasis: entry.legalBasis,
      why,
      fields: inBulk ? [] : fields,
      byPerson,
      inBulk,
      receipt: entry.requestId,
      inWords: `${when}: ${byPerson ? `${this.#self}, through ${by},` : by} saw ${what.join(', ')}; ${why}.`,
    }
  }

  async #nameOf(clientId: string): Promise<string> {
    const client = await this.#ports.clients.find(clientId)
    return client?.name ?? (clientId === 'operator' ? OPERATOR_NAME : clientId)
  }
}

/** What was shown of this person, each field once in each form. */
function disclosedTo(entry: AuditEntry, refs: Refs, at: number) {
  const fields = new Map<string, DisclosureView['fields'][number]>()
  for (const { ref, set } of entry.subjects) {
    const isTheirs = refs.get(ref)?.some(({ from, to }) => at >= (from ?? 0) && at <= (to ?? at))
    if (!isTheirs) continue
    for (const field of entry.sets[set]?.fields ?? [])
      if (field.treatment !== 'WITHHELD') fields.set(`${field.path} ${field.treatment}`, field)
  }
  return [...fields.values()]
}

function entryOf(bytes: Uint8Array): AuditEntry {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as AuditEntry
}
