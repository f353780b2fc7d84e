import type { Scope } from '../../gateway/scope/scope.ts'

export interface ViewerView {
  readonly client: string
  readonly roles: readonly string[]
  readonly scopes: readonly string[]
  readonly audience: string
  readonly purposes: readonly string[]
  readonly defaultPurpose: string | null
  readonly actsForSubject: boolean
  readonly lookupsPerDay: number | null
}

/** The caller as the gateway understood it. */
export function viewerOf({ principal, grant }: Scope): ViewerView {
  return {
    client: principal.client.id,
    roles: principal.roles,
    scopes: [...principal.scopes].sort(),
    audience: grant.audience,
    purposes: [...principal.purposes].sort(),
    defaultPurpose: principal.defaultPurpose,
    actsForSubject: principal.subject !== null,
    lookupsPerDay: principal.client.lookupsPerDay,
  }
}
