import type { SubjectId } from '../../kernel/ids.ts'
import { asPerson } from './person-package.ts'
import type { Selection } from './plan-rules.ts'
import type { Reception } from './reception.ts'

const SELECTION: Selection = {
  operation: 'query',
  operationName: 'own-address',
  documentId: 'own-address',
  personal: [{ coordinate: 'Contact.email', path: 'contact.email' }],
  scopes: ['profile:read'],
  rootFields: [],
}

/**
 * The e-mail address at which a person can be asked whether a request is theirs; null: none is known that a trusted source
 * has verified to be this person's. What was typed in a browser, or put right by whoever held a token for an hour, may be
 * anybody's, and a link opens everything.
 * @param ownerOf whom a verified address belongs to, under their pseudonym in packages.
 */
export async function ownAddress(
  reception: Reception,
  subject: SubjectId,
  ownerOf: (email: string) => Promise<string | null>,
): Promise<string | null> {
  const requestId = reception.newRequestId()
  const caller = { principal: asPerson(subject), purposeHeader: null, requestId }
  const visit = await reception.admit(caller, SELECTION, SELECTION.documentId, null, [], 0)
  const view = await visit.disclose.me()
  await reception.leave(visit, 'permit', null)
  const email = view?.contact.email ?? null
  return email !== null && (await ownerOf(email)) === view?.id ? email : null
}
