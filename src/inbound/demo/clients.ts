import type { ClientDraft } from '../../gateway/govern/client-draft.ts'

/** A caller of the demo, as `bauta clients create` would register it. */
export type DemoClient = ClientDraft & {
  readonly audience: string
  readonly purposes: readonly string[]
  readonly defaultPurpose: string | null
}

/** Who receives which credential of the demo, and what to know about it. */
export type DemoPrincipal =
  | 'subject'
  | 'frontend'
  | 'visitor'
  | 'partnerAcme'
  | 'partnerGlobex'
  | 'analyst'
  | 'marketer'
  | 'support'
  | 'compliance'
  | 'admin'
  | 'ingest'

const staff = (id: string, name: string, purposes: readonly string[]): DemoClient => ({
  id,
  name,
  roles: [id],
  audience: id,
  purposes,
  defaultPurpose: purposes[0] ?? null,
  adhoc: true,
})

const partner = (audience: string, name: string): DemoClient => ({
  id: `partner-${audience}`,
  name,
  roles: ['partner'],
  audience,
  purposes: ['PARTNER_SHARING'],
  defaultPurpose: 'PARTNER_SHARING',
  // What partners have by default, and looking people up, which each of them has to be granted.
  scopes: [
    'profile:read',
    'profile:search',
    'profile:lookup',
    'segments:read',
    'recommendations:read',
  ],
  lookupsPerDay: 200,
  adhoc: true,
})

const shop: DemoClient = {
  id: 'shop-web',
  name: 'The shop in the browser',
  roles: ['frontend'],
  audience: 'shop-web',
  purposes: ['PERSONALIZATION', 'SERVICE'],
  defaultPurpose: 'PERSONALIZATION',
  adhoc: true,
}

/** How each principal of the demo gets in: with a client's own token, for one person, or as an unknown visitor. */
export const demoPrincipals: Readonly<
  Record<
    DemoPrincipal,
    {
      readonly client: DemoClient
      readonly as: 'client' | 'person' | 'visitor'
      readonly note: string
    }
  >
> = {
  subject: {
    client: {
      id: 'self-service',
      name: 'The page where people see and correct their own data',
      roles: ['subject'],
      audience: 'self-service',
      purposes: ['SUBJECT_RIGHTS', 'SERVICE', 'PERSONALIZATION'],
      defaultPurpose: 'SUBJECT_RIGHTS',
      adhoc: true,
    },
    as: 'person',
    note: 'Person 1 reads their own data: all of it, whatever they consented to.',
  },
  frontend: {
    client: shop,
    as: 'person',
    note: 'The shop acts for person 1, who is signed in; valid for 24 hours in development.',
  },
  visitor: {
    client: shop,
    as: 'visitor',
    note: 'The shop acts for an unknown visitor: send the token and the cookie.',
  },
  partnerAcme: {
    client: partner('acme', 'Acme, a partner'),
    as: 'client',
    note: 'Sees, under pseudonyms of its own, people who agreed to sharing with Acme.',
  },
  partnerGlobex: {
    client: partner('globex', 'Globex, another partner'),
    as: 'client',
    note: 'Sees, under other pseudonyms, people who agreed to sharing with Globex.',
  },
  analyst: {
    client: staff('analyst', 'An analyst', ['ANALYTICS', 'PROFILING']),
    as: 'client',
    note: 'Sees features without anything that identifies.',
  },
  marketer: {
    client: staff('marketer', 'A marketer', ['MARKETING']),
    as: 'client',
    note: 'Sees people who may be addressed; objections and opt-outs count at once.',
  },
  support: {
    client: staff('support', 'Customer support', ['SERVICE', 'SECURITY']),
    as: 'client',
    note: 'Sees what is needed to help a customer: contract, no consent needed.',
  },
  compliance: {
    client: staff('compliance', 'The compliance officer', ['COMPLIANCE', 'SUBJECT_RIGHTS']),
    as: 'client',
    note: 'Sees consents, lineage and the audit trail.',
  },
  admin: {
    client: staff('admin', 'The operator', []),
    as: 'client',
    note: 'Defines segments and clients; sees nobody.',
  },
  ingest: {
    client: { ...staff('ingest', 'The feeding systems', []), writeKey: 'server' },
    as: 'client',
    note: 'Writes events, records and consents; reads nothing.',
  },
}
