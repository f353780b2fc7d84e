import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto'

/**
 * Why a note or a key is not accepted. `malformed`: not a note. `not-signed`: nobody who is known has signed it.
 * `bad-signature`: somebody who is known has signed something else. `bad-key`: not a key in the form asked for.
 */
export type NoteFault = 'malformed' | 'not-signed' | 'bad-signature' | 'bad-key'

export class NoteError extends Error {
  readonly fault: NoteFault

  constructor(fault: NoteFault, message: string) {
    super(message)
    this.name = 'NoteError'
    this.fault = fault
  }
}

/** Who may have signed: an Ed25519 key under a name. */
export interface VerifierKey {
  readonly name: string
  /** The first 32 bits of SHA-256(name ‖ newline ‖ 0x01 ‖ public key). */
  readonly id: number
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

/** Who can sign. */
export interface SignerKey extends VerifierKey {
  /** The private key as of RFC 8032: 32 bytes. */
  readonly seed: Uint8Array
}

const ED25519 = 1
const KEY_BYTES = 32
const ID_BYTES = 4
const MOST_SIGNATURES = 100
const SIGNATURE_PREFIX = '— '
/** DER of PKCS #8 for Ed25519 up to the seed (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** @throws NoteError bad-key where no note could carry the name. */
export function verifierKey(name: string, publicKey: Uint8Array): VerifierKey {
  if (!isName(name) || publicKey.length !== KEY_BYTES)
    throw new NoteError(
      'bad-key',
      'A key needs a name without blanks and plus signs, and 32 bytes.',
    )
  const named = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ED25519]), publicKey])
  return { name, id: hash('sha256', named, 'buffer').readUInt32BE(0), publicKey }
}

/** @param seed 32 bytes that nobody can guess. */
export function signerKey(name: string, seed: Uint8Array): SignerKey {
  if (seed.length !== KEY_BYTES)
    throw new NoteError('bad-key', 'A private key of Ed25519 has 32 bytes.')
  const { x } = createPublicKey(privateKeyOf(seed)).export({ format: 'jwk' })
  return { ...verifierKey(name, Buffer.from(x as string, 'base64url')), seed }
}

/** C2SP signed-note: `<name>+<id in hex>+<base64 of 0x01 ‖ public key>`. */
export function formatVerifierKey({ name, id, publicKey }: VerifierKey): string {
  return `${name}+${hexId(id)}+${typed(publicKey)}`
}

/** @throws NoteError bad-key for whatever is no vkey of Ed25519, or whose id is not the key's. */
export function parseVerifierKey(vkey: string): VerifierKey {
  const { name, id, bytes } = parseKey(vkey, '')
  const key = verifierKey(name, bytes)
  if (key.id !== id) throw new NoteError('bad-key', 'The id of this key is not that of its bytes.')
  return key
}

/** As golang.org/x/mod writes it: `PRIVATE+KEY+<name>+<id in hex>+<base64 of 0x01 ‖ seed>`. */
export function formatSignerKey({ name, id, seed }: SignerKey): string {
  return `${PRIVATE_PREFIX}${name}+${hexId(id)}+${typed(seed)}`
}

/** @throws NoteError bad-key. Its message repeats nothing of the key. */
export function parseSignerKey(skey: string): SignerKey {
  const { name, id, bytes } = parseKey(skey, PRIVATE_PREFIX)
  const key = signerKey(name, bytes)
  if (key.id !== id) throw new NoteError('bad-key', 'The id of this key is not that of its bytes.')
  return key
}

/**
 * @param text one line or more, each with its newline. No signature covers the empty line after it.
 * @throws NoteError malformed where the text can not be that of a note.
 */
export function signNote(text: string, ...signers: readonly SignerKey[]): string {
  if (!text.endsWith('\n') || hasControl(text))
    throw new NoteError('malformed', 'The text of a note ends with a newline and is plain text.')
  return `${text}\n${signers.map((signer) => signatureLine(text, signer)).join('')}`
}

/** Adds a signature behind those that are there; an earlier one by the same key is replaced. */
export function cosignNote(note: string | Uint8Array, signer: SignerKey): string {
  const { text, signatures } = parseNote(note)
  const others = signatures.filter(({ name, id }) => name !== signer.name || id !== signer.id)
  return [`${text}\n`, ...others.map(({ line }) => line), signatureLine(text, signer)].join('')
}

/** A note whose signatures by known keys all hold. */
export interface OpenNote {
  /** What was signed, with its last newline. */
  readonly text: string
  /** Who of those known has signed; at least one. Whoever needs several MUST look for each. */
  readonly signedBy: readonly VerifierKey[]
}

/**
 * C2SP signed-note. Signatures by unknown keys say nothing and are passed over; one by a known key that does not hold
 * rejects the note.
 * @throws NoteError
 */
export function openNote(note: string | Uint8Array, known: readonly VerifierKey[]): OpenNote {
  const { text, signatures } = parseNote(note)
  const signedBy = new Set<VerifierKey>()
  for (const { name, id, signature } of signatures) {
    const key = known.find((one) => one.name === name && one.id === id)
    if (key === undefined || signedBy.has(key)) continue
    if (!verify(null, Buffer.from(text), publicKeyOf(key), signature))
      throw new NoteError('bad-signature', `The signature of ${name} is not one of this text.`)
    signedBy.add(key)
  }
  if (signedBy.size === 0)
    throw new NoteError('not-signed', 'Nobody whose key is known has signed this.')
  return { text, signedBy: [...signedBy] }
}

/**
 * What a note says, whoever wrote it: only to say more about a note that was refused.
 * @throws NoteError malformed
 */
export function unverifiedText(note: string | Uint8Array): string {
  return parseNote(note).text
}

interface NoteSignature {
  readonly name: string
  readonly id: number
  readonly signature: Uint8Array
  readonly line: string
}

function parseNote(note: string | Uint8Array): {
  text: string
  signatures: readonly NoteSignature[]
} {
  const whole = typeof note === 'string' ? note : decoded(note)
  // The last empty line divides: the text may have empty lines of its own.
  const end = whole.lastIndexOf('\n\n')
  if (end < 0 || !whole.endsWith('\n') || hasControl(whole) || end + 2 === whole.length)
    throw new NoteError('malformed', 'This is no signed note.')
  const lines = whole.slice(end + 2, -1).split('\n')
  if (lines.length > MOST_SIGNATURES)
    throw new NoteError('malformed', `A note has at most ${MOST_SIGNATURES} signatures.`)
  return { text: whole.slice(0, end + 1), signatures: lines.map(parseSignature) }
}

function parseSignature(line: string): NoteSignature {
  const [name = '', encoded = '', ...more] = line.slice(SIGNATURE_PREFIX.length).split(' ')
  const bytes = fromBase64(encoded)
  const whole = line.startsWith(SIGNATURE_PREFIX) && more.length === 0 && isName(name)
  if (!whole || bytes === null || bytes.length <= ID_BYTES)
    throw new NoteError('malformed', 'A line where a signature has to stand is none.')
  return {
    name,
    id: bytes.readUInt32BE(0),
    signature: bytes.subarray(ID_BYTES),
    line: `${line}\n`,
  }
}

function signatureLine(text: string, { name, id, seed }: SignerKey): string {
  const head = Buffer.alloc(ID_BYTES)
  head.writeUInt32BE(id)
  const signature = Buffer.concat([head, sign(null, Buffer.from(text), privateKeyOf(seed))])
  return `${SIGNATURE_PREFIX}${name} ${signature.toString('base64')}\n`
}

const PRIVATE_PREFIX = 'PRIVATE+KEY+'

function parseKey(text: string, prefix: string): { name: string; id: number; bytes: Uint8Array } {
  // Base64 has plus signs of its own; names and ids have none.
  const [, name, id, encoded] =
    (text.startsWith(prefix) &&
      /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(text.slice(prefix.length))) ||
    []
  const bytes = fromBase64(encoded ?? '')
  if (!name || !id || bytes?.[0] !== ED25519)
    throw new NoteError('bad-key', `This is no ${prefix ? 'private ' : ''}key of Ed25519.`)
  return { name, id: Number.parseInt(id, 16), bytes: bytes.subarray(1) }
}

function isName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}+]/u.test(name) && !hasControl(name)
}

/** Control characters other than the newline. */
function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u0009\u000b-\u001f]/.test(text)
}

/** Null for whatever is not written exactly as these bytes are. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : null
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new NoteError('malformed', 'This is no text in UTF-8.')
  }
}

function typed(key: Uint8Array): string {
  return Buffer.from([ED25519, ...key]).toString('base64')
}

function hexId(id: number): string {
  return id.toString(16).padStart(2 * ID_BYTES, '0')
}

function privateKeyOf(seed: Uint8Array) {
  const key = Buffer.concat([PKCS8_PREFIX, seed])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

function publicKeyOf({ publicKey }: VerifierKey) {
  const x = Buffer.from(publicKey).toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}
