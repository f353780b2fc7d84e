import type { Policy } from '../../src/domain/privacy/policy.ts'
import type { Caller } from '../callers.ts'
import type { TableOracle } from '../gateway/disclose/table-oracle.ts'
import type { Answered } from '../running-gateway.ts'
import type { Situation } from '../situations.ts'
import type { Met } from '../small-world.ts'
import { ExpectedProfile, MOVERS, shownAs, textOf } from './expected-profile.ts'
import { type Entrance, fragmentOf, pathBelow, selectionOf } from './schema-paths.ts'

/** Whom a way leads to, and how its arguments name them. */
export interface Target {
  readonly met: Met
  readonly situation: Situation
  /** As the caller's audience knows them. */
  readonly id: string
  readonly email: string
  readonly request: string
  readonly record: string
}

const PREVIEWED = 'as: "role:partner", purpose: "PARTNER_SHARING"'
/** Arguments of each root field that leads to somebody. One that is not here is a door that nobody has looked at. */
export const ARGUMENTS: Readonly<Record<string, (target: Target) => string>> = {
  me: () => '',
  profile: ({ id }) => `(id: "${id}")`,
  profiles: ({ id }) => `(ids: ["${id}"])`,
  node: ({ id }) => `(id: "${id}")`,
  profileBy: ({ email }) => `(identifier: { kind: EMAIL, value: "${email}" })`,
  searchProfiles: () => '(first: 100)',
  subjectRequests: () => '(first: 100)',
  subjectRequest: ({ request }) => `(id: "${request}")`,
  consents: ({ id }) => `(profile: "${id}")`,
  consentHistory: ({ id }) => `(profile: "${id}")`,
  consentReceipt: ({ id, record }) => `(profile: "${id}", id: "${record}")`,
  disclosuresOf: ({ id }) => `(profile: "${id}")`,
  privacyPreview: ({ id }) => `(profile: "${id}", ${PREVIEWED})`,
  profileChanged: ({ id }) => `(id: "${id}")`,
  segmentChanged: () => `(key: "${MOVERS}")`,
}
/** Who asks for requests of people: those people, and compliance. */
const OF_REQUESTS: ReadonlySet<string> = new Set(['subject', 'frontend', 'compliance'])
const NOT_FOR_VISITORS = new Set(['privacyPreview', 'searchProfiles', 'segmentChanged'])

/** Ways that are no caller's of this kind at all, whatever is decided about fields. */
export function isRefused({ root }: Entrance, { role, isPersonal }: Caller): boolean {
  if (root === 'profileBy') return isPersonal
  if (root === 'subjectRequest' || root === 'subjectRequests') return !OF_REQUESTS.has(role)
  // A visitor has the scopes of visitors, whatever its front end may.
  return role === 'visitor' && NOT_FOR_VISITORS.has(root)
}

/** Whether the way leads to the target at all. */
function leadsTo({ root }: Entrance, caller: Caller, expected: ExpectedProfile, isOwn: boolean) {
  if (caller.isPersonal && !isOwn) return false
  if (root === 'me') return caller.isPersonal
  // Lists hold nobody of whom consent does not let anybody know, not even for that person.
  if (root === 'searchProfiles')
    return expected.treatment('user.unique_id.pseudonym') !== 'WITHHELD'
  return expected.isKnown
}

export interface Walk {
  readonly entrance: Entrance
  readonly alias: string
  readonly target: Target
  readonly isOwn: boolean
}

const fieldOf = ({ entrance, alias, target }: Walk) =>
  `${alias}: ${entrance.root}${ARGUMENTS[entrance.root]?.(target) ?? ''}${selectionOf(entrance)}`

export function documentOf(walks: readonly Walk[]): string {
  const some = walks.find(({ entrance: { paths } }) => paths.some((path) => pathBelow(path) !== ''))
  const fragment = some ? fragmentOf(some.entrance.paths) : ''
  return `{ ${walks.map(fieldOf).join(' ')} } ${fragment}`
}

/** Everybody to whom a way has led. */
// biome-ignore lint/suspicious/noExplicitAny: an answer of any shape
export function reached(value: any, to: readonly string[]): any[] {
  const here = (Array.isArray(value) ? value : [value]).filter((one) => one != null)
  const [next, ...rest] = to
  return next === undefined ? here : here.flatMap((one) => reached(one[next], rest))
}

export function differences(
  tables: { readonly oracle: TableOracle; readonly policy: Policy },
  caller: Caller,
  { entrance, alias, target, isOwn }: Walk,
  data: Readonly<Record<string, unknown>> | null | undefined,
  { withheld }: Pick<Answered, 'withheld'>,
  plan?: string,
): string[] {
  const { root, to, paths } = entrance
  const { met, situation } = target
  const expected = new ExpectedProfile(tables, { caller, situation, met }, plan)
  const isThere = leadsTo(entrance, caller, expected, isOwn)
  const [only] = paths
  const place = [alias, ...to].join('.')
  const hidden = withheld.filter(({ of }) => of.includes(target.id)).map(({ path }) => path)
  if (only && pathBelow(only) === '')
    return differenceOfRoot(only.category, isThere ? expected : null, {
      root,
      isTold: data?.[alias] !== null,
      isWithheld: hidden.includes(place),
    })
  const everybody = reached(data?.[alias], to)
  const profile = everybody.find(({ id }) => id === target.id)
  if (!isThere) return profile ? [`${root}: leads to somebody who may not be known`] : []
  if (!profile) return [`${root}: does not lead there`]
  return paths.flatMap((path) => {
    const below = pathBelow(path)
    const { value, isWithheld } = expected.field(below, path.coordinate, path.category)
    const shown = textOf(shownAs(below, profile))
    const due = textOf(value)
    const said = below === 'trait' ? 'trait[plan]' : below
    return [
      ...(shown === due ? [] : [`${root} ${below}: ${shown}, not ${due}`]),
      ...(hidden.includes(`${place}.${said}`) === isWithheld
        ? []
        : [`${root} ${below}: ${isWithheld ? 'not ' : ''}said to be withheld`]),
    ]
  })
}

/** Root fields that are personal themselves are told whole or not at all. */
function differenceOfRoot(
  category: string,
  expected: ExpectedProfile | null,
  shown: { root: string; isTold: boolean; isWithheld: boolean },
): string[] {
  const treatment = expected?.treatment(category) ?? 'WITHHELD'
  const isDue = shown.root === 'privacyPreview' ? treatment !== 'WITHHELD' : treatment === 'CLEAR'
  if (shown.isTold !== isDue) return [`${shown.root}: ${isDue ? 'not ' : ''}told`]
  const isWithheld = expected !== null && treatment === 'WITHHELD'
  return shown.isWithheld === isWithheld ? [] : [`${shown.root}: withheld, and not said so`]
}

/** Whether the caller hears of a plan that has changed: only who sees it does. */
export function hears({ root }: Entrance, expected: ExpectedProfile): boolean {
  const isSeen = expected.isKnown && expected.treatment('user.account.plan') === 'CLEAR'
  return root === 'segmentChanged'
    ? isSeen && expected.treatment('user.derived.segment') === 'CLEAR'
    : isSeen
}
