import { Refusal } from '../../kernel/refusal.ts'
import type { Scope } from '../scope/scope.ts'

/** The trail is read by whoever holds the scope for it. Beside the schema's `@scope`: this does not rest on one check. */
export function assertOfficer({ grant }: Scope): void {
  if (!grant.scopes.has('audit:read'))
    throw new Refusal('FORBIDDEN', 'This token lacks the scope audit:read.')
}
