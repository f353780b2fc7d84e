import { isoInstant } from '../../kernel/time.ts'
import type { ConsentCircumstances, KeptConsent } from './kept-consent.ts'
import type { Policy } from './policy.ts'

const PROFILE = 'https://w3id.org/dpv/schema/dpv-27560'
const CONTEXT = {
  dpv: 'https://w3id.org/dpv#',
  dct: 'http://purl.org/dc/terms/',
  bauta: 'https://bauta.dev/terms#',
} as const
/** States that DPV knows; the others (objection, restriction, signals, notices) are named in Bauta's own terms. */
const OF_DPV: ReadonlySet<string> = new Set([
  'ConsentGiven',
  'RenewedConsentGiven',
  'ConsentRequested',
  'ConsentRequestDeferred',
  'ConsentRefused',
  'ConsentWithdrawn',
  'ConsentRevoked',
  'ConsentExpired',
  'ConsentInvalidated',
  'ConsentUnknown',
])

/** What a receipt is made out for. Ids are those of the audience that receives it. */
export interface ReceiptIds {
  readonly record: string
  readonly subject: string
}

/**
 * A consent receipt (ISO/IEC TS 27560) as JSON-LD in the terms of the Data Privacy Vocabulary: the record, who answers for
 * the processing, and how to take the consent back.
 */
export function consentReceipt(
  record: KeptConsent,
  policy: Policy,
  ids: ReceiptIds,
): Readonly<Record<string, unknown>> {
  return {
    '@context': CONTEXT,
    '@id': `urn:bauta:receipt:${ids.record}`,
    '@type': 'dpv:ConsentReceipt',
    'dct:conformsTo': `${PROFILE}#receipt`,
    'dct:identifier': ids.record,
    'dct:hasPart': recordOf(record, policy, ids),
  }
}

function recordOf(record: KeptConsent, policy: Policy, { record: id, subject }: ReceiptIds) {
  const purpose = policy.purposes.get(record.purpose)
  return {
    '@id': `urn:bauta:consent:${id}`,
    '@type': 'dpv:ConsentRecord',
    'dct:conformsTo': `${PROFILE}#record`,
    'dct:identifier': id,
    'dpv:hasDataSubject': subject,
    'dpv:hasNotice': noticeOf(record),
    'dpv:hasProcess': {
      '@type': 'dpv:Process',
      'dpv:hasPurpose': purpose
        ? {
            '@id': `urn:bauta:purpose:${purpose.key}`,
            '@type': purpose.dpv,
            'dct:description': purpose.inWords,
          }
        : record.purpose,
      'dpv:hasLegalBasis': 'dpv:Consent',
      'dpv:hasPersonalData': record.categories ?? purpose?.categories ?? [],
      'dpv:hasRecipient': record.recipient === null ? [] : [record.recipient],
      ...controllerOf(policy),
    },
    'dpv:hasJurisdiction': record.jurisdiction,
    'dpv:hasConsentStatus': {
      '@type': `${OF_DPV.has(record.state) ? 'dpv' : 'bauta'}:${record.state}`,
      'dpv:isIndicatedAtTime': isoInstant(record.effectiveAt),
      'dpv:hasIndicationMethod': record.method,
      'dct:valid': record.expiresAt === null ? null : isoInstant(record.expiresAt),
      'dct:created': isoInstant(record.recordedAt),
      'bauta:signal': record.source === 'record' ? null : record.source,
    },
    'bauta:collectionPoint': record.collectionPoint,
    'bauta:entity': record.entity,
    'bauta:evidence': record.evidence,
  }
}

function noticeOf({ notice, noticeVersion, noticeHash, language }: ConsentCircumstances) {
  if (notice === null && noticeVersion === null) return null
  return {
    '@type': 'dpv:PrivacyNotice',
    'dct:identifier': notice,
    'dct:hasVersion': noticeVersion,
    'dct:language': language,
    'bauta:sha256': noticeHash,
  }
}

function controllerOf({ controller }: Policy) {
  if (controller === null) return {}
  return {
    'dpv:hasDataController': {
      '@id': controller.id,
      '@type': 'dpv:DataController',
      'dpv:hasName': controller.name,
      'dpv:hasAddress': controller.address,
      'dpv:hasContact': controller.contact,
      'dpv:hasAuthority': controller.authority,
    },
    'dpv:hasStorageCondition': {
      'dpv:hasLocation': controller.storageLocations,
      'dpv:hasDuration': controller.retention,
    },
    'dpv:hasProcessingCondition': { 'dpv:hasLocation': controller.processingLocations },
    'dpv:hasConsentControl': {
      '@type': 'dpv:WithdrawConsent',
      'dct:source': controller.withdrawal,
    },
    'dpv:hasRight': ['dpv:DataSubjectRight'],
  }
}
