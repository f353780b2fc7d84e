import type { SubjectId } from '../../kernel/ids.ts'
import type { Instant } from '../../kernel/time.ts'

/** An identifier as the database knows it: its filed kind and its blind index in hex. */
export interface IndexedIdentifier {
  readonly kind: string
  readonly blindIndex: string
}

/** An identifier that was seen before, and the person that it belongs to by now. */
export interface KnownIdentifier extends IndexedIdentifier {
  /** The subject made for this identifier; it never changes. */
  readonly home: SubjectId
  readonly root: SubjectId
  readonly rootCreatedAt: Instant
  readonly verified: boolean
}

export interface NewIdentifier extends IndexedIdentifier {
  readonly home: SubjectId
  readonly verified: boolean
}

/** A record said that two homes are one person. */
export interface Link {
  readonly survivor: SubjectId
  readonly retired: SubjectId
  readonly identifierKind: string
  readonly recordKey: string
}

export interface Claim extends IndexedIdentifier {
  readonly recordKey: string
  readonly verified: boolean
}

/** A subject and when it was made: the oldest of a person's homes is its root. */
export interface RootSubject {
  readonly id: SubjectId
  readonly createdAt: Instant
}

interface Place {
  readonly home: SubjectId
  readonly verified: boolean
}

const keyOf = (identifier: IndexedIdentifier) => `${identifier.kind} ${identifier.blindIndex}`

/**
 * Finds the home of each record of a chunk, in order. Every identifier has a home of its own, a record links the homes
 * of its identifiers, and a person is what links hold together; so taking links back takes merges back exactly.
 * Unverified records link nothing: they lie in the home of their first identifier.
 */
export class Resolution {
  readonly newSubjects: { readonly id: SubjectId; readonly identifierKind: string }[] = []
  readonly newIdentifiers = new Map<string, NewIdentifier>()
  /** Known identifiers that a verified record confirmed for the first time. */
  readonly confirmed = new Map<string, IndexedIdentifier>()
  readonly claims = new Map<string, Claim>()
  readonly links = new Map<string, Link>()
  readonly #places = new Map<string, Place>()
  readonly #parent = new Map<SubjectId, SubjectId>()
  readonly #createdAt = new Map<SubjectId, Instant>()
  readonly #now: Instant
  readonly #newIds: (count: number) => readonly SubjectId[]

  /** @param newIds fresh ids in ascending order. */
  constructor(
    known: readonly KnownIdentifier[],
    now: Instant,
    newIds: (count: number) => readonly SubjectId[],
  ) {
    this.#now = now
    this.#newIds = newIds
    for (const identifier of known) {
      this.#places.set(keyOf(identifier), identifier)
      this.addHome(identifier.home, { id: identifier.root, createdAt: identifier.rootCreatedAt })
    }
  }

  /** Makes a home known that no identifier of the chunk leads to. */
  addHome(home: SubjectId, root: RootSubject): void {
    this.#parent.set(root.id, this.#parent.get(root.id) ?? root.id)
    this.#createdAt.set(root.id, root.createdAt)
    if (home !== root.id) this.#parent.set(home, root.id)
  }

  /**
   * @param identifiers strongest first, at least one unless `subject` is given; of an unverified record only the first counts.
   * @param subject the person or visitor for whom the caller may act: the record lies there.
   * @returns the home of the record.
   */
  fileUnder(
    identifiers: readonly IndexedIdentifier[],
    record: {
      readonly key: string
      readonly verified: boolean
      readonly subject: SubjectId | null
    },
  ): SubjectId {
    const used = record.verified
      ? identifiers
      : record.subject === null
        ? identifiers.slice(0, 1)
        : []
    const homes = this.#homesOf(used, record)
    const home = record.subject ?? homes[0]?.home
    if (home === undefined) throw new Error('a record without identifier has no home')
    for (const other of homes)
      if (other.home !== home) this.#link(home, other.home, other.kind, record.key)
    return home
  }

  /** The root of a home, with everything merged so far. */
  rootOf(home: SubjectId): SubjectId {
    let root = home
    for (
      let up = this.#parent.get(root);
      up !== undefined && up !== root;
      up = this.#parent.get(root)
    )
      root = up
    return root
  }

  /** People that this chunk found to be the same as an older one: their former root, and the root now. */
  retired(): readonly { readonly former: SubjectId; readonly root: SubjectId }[] {
    const added = new Set(this.newSubjects.map(({ id }) => id))
    return [...this.#createdAt.keys()].flatMap((former) => {
      const root = this.rootOf(former)
      return root === former || added.has(former) ? [] : [{ former, root }]
    })
  }

  #homesOf(
    identifiers: readonly IndexedIdentifier[],
    record: { readonly key: string; readonly verified: boolean },
  ): { home: SubjectId; kind: string }[] {
    const unknown = identifiers.filter((one) => !this.#places.has(keyOf(one)))
    const ids = this.#newIds(unknown.length)
    for (const [index, identifier] of unknown.entries()) {
      const home = ids[index] as SubjectId
      this.addHome(home, { id: home, createdAt: this.#now })
      this.newSubjects.push({ id: home, identifierKind: identifier.kind })
      this.#places.set(keyOf(identifier), { home, verified: record.verified })
      this.newIdentifiers.set(keyOf(identifier), { ...identifier, home, verified: record.verified })
    }
    return identifiers.map((identifier) => {
      const key = keyOf(identifier)
      const place = this.#places.get(key) as Place
      if (record.verified && !place.verified) this.#confirm(key, identifier, place)
      this.#claim(key, identifier, record)
      return { home: place.home, kind: identifier.kind }
    })
  }

  #confirm(key: string, identifier: IndexedIdentifier, place: Place): void {
    this.#places.set(key, { home: place.home, verified: true })
    const added = this.newIdentifiers.get(key)
    if (added) this.newIdentifiers.set(key, { ...added, verified: true })
    else this.confirmed.set(key, identifier)
  }

  /** One claim per identifier and chunk says enough for taking a batch back; a verified one says more. */
  #claim(
    key: string,
    identifier: IndexedIdentifier,
    record: { readonly key: string; readonly verified: boolean },
  ): void {
    if (this.claims.get(key)?.verified || (this.claims.has(key) && !record.verified)) return
    this.claims.set(key, { ...identifier, recordKey: record.key, verified: record.verified })
  }

  #link(one: SubjectId, other: SubjectId, identifierKind: string, recordKey: string): void {
    const pair = one < other ? `${one} ${other}` : `${other} ${one}`
    const [a, b] = [this.rootOf(one), this.rootOf(other)]
    const survivor = this.#isOlder(a, b) ? a : b
    if (a !== b) this.#parent.set(survivor === a ? b : a, survivor)
    if (this.links.has(pair)) return
    const [kept, retired] = survivor === b ? [other, one] : [one, other]
    this.links.set(pair, { survivor: kept, retired, identifierKind, recordKey })
  }

  #isOlder(one: SubjectId, other: SubjectId): boolean {
    const [a, b] = [this.#createdAt.get(one) ?? this.#now, this.#createdAt.get(other) ?? this.#now]
    return a < b || (a === b && one <= other)
  }
}

/**
 * The root of every home, from the links that stand: the oldest home of each connected part.
 */
export function rootsOf(
  homes: readonly RootSubject[],
  links: readonly { readonly one: SubjectId; readonly other: SubjectId }[],
): ReadonlyMap<SubjectId, SubjectId> {
  const oldestFirst = [...homes].sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  const neighbours = new Map<SubjectId, SubjectId[]>(homes.map(({ id }) => [id, []]))
  for (const { one, other } of links) {
    neighbours.get(one)?.push(other)
    neighbours.get(other)?.push(one)
  }
  const roots = new Map<SubjectId, SubjectId>()
  for (const { id: root } of oldestFirst) {
    if (roots.has(root)) continue
    roots.set(root, root)
    const waiting = [root]
    for (let home = waiting.pop(); home !== undefined; home = waiting.pop()) {
      for (const next of neighbours.get(home) ?? []) {
        if (roots.has(next) || !neighbours.has(next)) continue
        roots.set(next, root)
        waiting.push(next)
      }
    }
  }
  return roots
}
