import type { Principal } from '../../domain/access/principal.ts'
import type { Policy, Purpose } from '../../domain/privacy/policy.ts'
import { Refusal } from '../../kernel/refusal.ts'

/** Where a request may name its purpose. */
export interface DeclaredPurpose {
  /** `@purpose(is: …)` of the operation. */
  readonly directive: string | null
  /** The header `Bauta-Purpose`. */
  readonly header: string | null
}

/**
 * Settles why this request is made: the operation's word or the header's, which must agree, or else the token's default.
 * Null where nobody named one: then no personal field may be selected.
 * @throws Refusal PURPOSE_CONFLICT, FORBIDDEN
 */
export function settlePurpose(
  policy: Policy,
  principal: Principal,
  declared: DeclaredPurpose,
): Purpose | null {
  const { directive, header } = declared
  if (directive !== null && header !== null && directive !== header) {
    throw new Refusal(
      'PURPOSE_CONFLICT',
      'The operation and the header Bauta-Purpose name different purposes; name one.',
    )
  }
  const key = directive ?? header ?? principal.defaultPurpose
  if (key === null) return null
  const purpose = policy.purposes.get(key)
  const mayDeclare =
    purpose &&
    principal.purposes.has(key) &&
    principal.roles.some((role) => purpose.roles.has(role))
  if (!mayDeclare) {
    // A partner is not told which purposes exist.
    const named = principal.roles.includes('partner')
      ? 'this purpose'
      : `the purpose ${purpose ? purpose.key : 'it names, which is unknown'}`
    throw new Refusal('FORBIDDEN', `This token may not declare ${named}.`)
  }
  return purpose
}
