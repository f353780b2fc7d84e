/**
 * Signs what is told about subject requests, as OpenDSR 2.0 asks (sections 4 and 8): by the key of a certificate that was
 * issued for the domain under which requests are taken.
 */
export interface CallbackSigner {
  readonly domain: string
  /** PEM of the certificate and of those above it. */
  readonly certificate: string
  /** RSA with SHA-256 (PKCS #1 v1.5) over the exact bytes of a body, in base64. */
  sign(body: string): string
}

/** The headers of a signed body. */
export function signatureHeaders(
  { domain, sign }: Pick<CallbackSigner, 'domain' | 'sign'>,
  body: string,
): Readonly<Record<string, string>> {
  return { 'x-opendsr-processor-domain': domain, 'x-opendsr-signature': sign(body) }
}
