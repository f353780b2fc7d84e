import { GppModel } from '@iabgpp/cmpapi'

export interface TcDraft {
  readonly policyVersion?: number
  readonly consents?: readonly number[]
  readonly interests?: readonly number[]
  readonly disclosed?: readonly number[]
  readonly changed?: Date
}

const purposes = (on: readonly number[]) =>
  Array.from({ length: 24 }, (_, index) => on.includes(index + 1))

/** A TC string as a consent platform makes it. */
export function tcString(draft: TcDraft = {}): string {
  const { policyVersion = 5, consents = [], interests = [], disclosed = [1, 2] } = draft
  const model = new GppModel()
  const changed = draft.changed ?? new Date('2025-01-10T00:00:00Z')
  for (const [field, value] of Object.entries({
    CmpId: 31,
    CmpVersion: 2,
    ConsentScreen: 1,
    ConsentLanguage: 'DE',
    VendorListVersion: 100,
    PolicyVersion: policyVersion,
    IsServiceSpecific: true,
    PublisherCountryCode: 'DE',
    PurposeConsents: purposes(consents),
    PurposeLegitimateInterests: purposes(interests),
    VendorsDisclosed: disclosed,
    Created: changed,
    LastUpdated: changed,
  }))
    model.setFieldValue('tcfeuv2', field, value)
  return model.encodeSection('tcfeuv2')
}
