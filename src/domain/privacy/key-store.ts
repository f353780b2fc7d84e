import type { SubjectId } from '../../kernel/ids.ts'
import type { Epochs } from './pseudonym-epochs.ts'

/** What the key store holds for one person. */
export interface SubjectKeys {
  /** Data key of the vault: 32 bytes, wrapped at rest. */
  readonly dataKey: Uint8Array
  /** Random salt: keys this person's references and arguments in the audit trail. Destroying it unlinks them. */
  readonly salt: Uint8Array
}

/**
 * Keys, apart from the database.
 * An implementation MUST have made new keys durable before `create` resolves, MUST NOT hand out keys of a destroyed
 * subject, and MUST refuse (Refusal KEYS_UNAVAILABLE) rather than invent keys when its file or master key is missing.
 * A caller MUST NOT keep a data key beyond the request it was opened for.
 */
export interface KeyStore {
  /** Keys for new subjects, in one durable write. Existing ones are left as they are. */
  create(subjects: readonly SubjectId[]): Promise<void>
  /** Synchronous because it stands in the loop over rows; null: unknown or destroyed. */
  dataKeyOf(subject: SubjectId): Uint8Array | null
  /** Reference of the subject in audit entries (128 bits, base64url), or null: unknown or destroyed. */
  auditRefOf(subject: SubjectId): string | null
  /** Key under which arguments that led to this subject are hashed (32 bytes), or null: unknown or destroyed. */
  argumentKeyOf(subject: SubjectId): Uint8Array | null
  /** Looks for keys that another process has added since: for subjects that the synchronous calls did not know. */
  refresh(): Promise<void>
  /** Irrevocably: data key and salt are gone when this resolves. */
  destroy(subjects: readonly SubjectId[]): Promise<void>
  /** Long-lived keys of the installation by use: `blind-index`, `pseudonym`, `cursor`, `quarantine`, `session`. 32 bytes. */
  installationKey(use: string): Uint8Array
  /** In which epochs the pseudonyms of an audience are made and accepted now; of an announced rotation it knows within a second. */
  epochsOf(audience: string): Epochs
}
