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

/** Of a request for three fields of one person. */
export function entryOfThreeFields({ id, time }) {
  const fields = ['contact.name', 'contact.email', 'account.plan']
  return trailEntry({
    id,
    time,
    sets: [{ fields: fields.map((path) => ({ path, treatment: 'CLEAR' })) }],
    subjects: [
      {
        ref: id.slice(0, 22),
        set: 0,
        consent: { recordId: null, state: 'ConsentGiven', source: 'record' },
      },
    ],
  })
}
