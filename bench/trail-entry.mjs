/** An entry of the trail as a response to a partner leaves it; what differs from one to the next is the caller's. */
export function trailEntry({ id, time, ...rest }) {
  return {
    v: 1,
    entryId: id,
    time,
    requestId: id,
    phase: 'decision',
    outcome: 'permit',
    actor: {
      clientId: 'partner',
      userPseudonym: null,
      roles: ['partner'],
      tokenJti: id,
      cnfJkt: null,
    },
    audience: 'partner',
    operation: { documentId: null, name: 'Profile' },
    purpose: 'PARTNER_SHARING',
    purposeIri: 'https://w3id.org/dpv#DataSharing',
    legalBasis: 'consent',
    policy: { version: '0123456789abcdef', ruleIds: ['roles/partner'] },
    argsHmac: null,
    ...rest,
  }
}
