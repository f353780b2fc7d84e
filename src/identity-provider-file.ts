import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { type Config, ConfigError } from './config.ts'
import {
  type ForeignAlgorithm,
  type ForeignType,
  foreignAlgorithms,
  foreignTypes,
  type IdentityProvider,
  type PersonClaim,
  personKinds,
} from './domain/access/identity-provider.ts'
import { isPlainLoopback } from './kernel/loopback.ts'
import { SECOND } from './kernel/time.ts'

/** A provider as an operator writes it (docs/identity-providers.md). */
interface Written {
  readonly issuer: string
  readonly audience: string
  readonly jwks: string
  readonly algorithms: readonly ForeignAlgorithm[]
  readonly type: ForeignType
  readonly client: string
  readonly clockToleranceSeconds?: number
  readonly person?: { readonly claim: string; readonly identifier: PersonClaim['kind'] }
  readonly roles?: { readonly claim: string; readonly values: Readonly<Record<string, string>> }
}

const text = { type: 'string', minLength: 1, maxLength: 2_000 }
const object = (required: Readonly<Record<string, unknown>>, more = {}) => ({
  type: 'object',
  required: Object.keys(required),
  additionalProperties: false,
  properties: { ...required, ...more },
})

const isWritten = new Ajv().compile<readonly Written[]>({
  type: 'array',
  items: object(
    {
      issuer: text,
      audience: text,
      jwks: text,
      algorithms: { type: 'array', minItems: 1, items: { enum: foreignAlgorithms } },
      type: { enum: foreignTypes },
      client: text,
    },
    {
      clockToleranceSeconds: { type: 'integer', minimum: 0, maximum: 60 },
      person: object({ claim: text, identifier: { enum: personKinds } }),
      roles: object({
        claim: text,
        values: { type: 'object', minProperties: 1, additionalProperties: text },
      }),
    },
  ),
})

/** Roles that nobody of the staff has: they stand for one person, or for somebody outside. */
const NOT_OF_STAFF: ReadonlySet<string> = new Set(['subject', 'frontend', 'visitor', 'partner'])

/** What a file of providers is held against. */
export interface ProviderRules {
  readonly mode: Config['mode']
  readonly roles: ReadonlyMap<string, unknown>
}

/** @throws ConfigError that says what is wrong with which provider. */
export function readIdentityProviders(
  path: string,
  rules: ProviderRules,
): readonly IdentityProvider[] {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw new ConfigError(`BAUTA_IDENTITY_PROVIDERS: ${path} can not be read as JSON.`, { cause })
  }
  return identityProvidersOf(json, rules)
}

/** @throws ConfigError */
export function identityProvidersOf(
  json: unknown,
  rules: ProviderRules,
): readonly IdentityProvider[] {
  if (!isWritten(json)) {
    const [error] = isWritten.errors ?? []
    throw complaint(`${error?.instancePath || 'the file'} ${error?.message}`, error?.params)
  }
  json.forEach((one, at) => {
    const objection = objectionTo(one, json.slice(0, at), rules)
    if (objection !== null) throw complaint(`/${at} ${objection}`)
  })
  return json.map(providerOf)
}

function objectionTo(
  { issuer, audience, jwks, person, roles }: Written,
  before: readonly Written[],
  { mode, roles: known }: ProviderRules,
): string | null {
  if (!isSafe(jwks, mode))
    return 'needs an https address as jwks (http only to this machine, in development)'
  if (!person === !roles) return 'needs either person (customers) or roles (staff), not both'
  if (before.some((other) => other.issuer === issuer && other.audience === audience))
    return 'has the issuer and the audience of another one'
  const isForeign = (other: Written) =>
    other.issuer !== issuer && other.person?.identifier === 'providerSubject'
  // OpenID Connect Core §5.7: a subject is unique at its issuer only; two issuers may call two people alike.
  if (person?.identifier === 'providerSubject' && before.some(isForeign))
    return 'is a second issuer whose subjects would be taken for those of the first'
  const wrong = Object.values(roles?.values ?? {}).find(
    (role) => !known.has(role) || NOT_OF_STAFF.has(role),
  )
  return wrong === undefined ? null : `names "${wrong}", which is no role that staff can have`
}

function isSafe(text: string, mode: Config['mode']): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url?.protocol === 'https:') return true
  return mode === 'development' && url !== null && isPlainLoopback(url)
}

function providerOf({
  client,
  jwks,
  clockToleranceSeconds = 0,
  person,
  roles,
  ...rest
}: Written): IdentityProvider {
  const people = person
    ? { person: { claim: person.claim, kind: person.identifier } }
    : {
        roles: {
          claim: roles?.claim ?? '',
          roleOf: new Map(Object.entries(roles?.values ?? {})),
        },
      }
  return {
    ...rest,
    clientId: client,
    jwks: new URL(jwks),
    clockTolerance: clockToleranceSeconds * SECOND,
    people,
  }
}

function complaint(what: string, params: unknown = null): ConfigError {
  const detail = params === null ? '' : ` (${JSON.stringify(params)})`
  return new ConfigError(
    `BAUTA_IDENTITY_PROVIDERS: ${what}${detail}. See docs/identity-providers.md.`,
  )
}
