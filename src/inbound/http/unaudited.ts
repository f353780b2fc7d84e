/**
 * Every address that answers without leaving an entry on the audit trail, and why it may: none of them knows anything
 * about a person. The server refuses to start with a route that is neither on this list nor marked as audited.
 */
export const unaudited: readonly { readonly path: string; readonly why: string }[] = [
  { path: '/health/live', why: 'says that the process runs' },
  { path: '/health/ready', why: 'names the parts that are ready' },
  { path: '/metrics', why: 'counts requests and queues; no label comes from a person' },
  {
    path: '/audit/checkpoint',
    why: 'how many entries the trail has, and a hash over them, signed',
  },
  { path: '/audit/consistency', why: 'hashes that lead from one checkpoint to the next' },
  { path: '/audit/inclusion', why: 'the hash of an entry, and hashes that lead to a checkpoint' },
  { path: '/.well-known/gpc.json', why: 'says that Global Privacy Control is honoured' },
  {
    path: '/.well-known/oauth-authorization-server',
    why: 'where tokens are given, and how',
  },
  { path: '/.well-known/oauth-protected-resource', why: 'which server gives tokens for this one' },
  { path: '/oauth/jwks', why: 'public keys under which tokens are signed' },
  { path: '/audit/keys', why: 'public keys of the audit log' },
  {
    path: '/audit/witness',
    why: 'takes signatures of one key over checkpoints, and tells nothing',
  },
  {
    path: '/preferences',
    why: 'a page without data; what it shows it asks for at /graphql with the token of the person',
  },
  { path: '/preferences.js', why: 'script of the preference page' },
  { path: '/preferences.css', why: 'style of the preference page' },
  { path: '/opendsr/discovery', why: 'which requests of people are taken' },
  { path: '/opendsr/v2/discovery', why: 'the same, under the address that OpenDSR names' },
  { path: '/opendsr/certificate.pem', why: 'the certificate by which OpenDSR answers are signed' },
  {
    path: '/v1/confirm/:type/:token',
    why: 'a page without data; what it confirms is said by its button, and that is audited',
  },
  { path: '/', why: 'a page without data; what it shows it asks for at /graphql' },
  { path: '/pages/pages.css', why: 'style of the pages' },
  { path: '/pages/desk.js', why: 'script of the pages' },
  { path: '/pages/start.js', why: 'script of the start page' },
  { path: '/pages/query.js', why: 'script of the query page' },
  {
    path: '/demo/desk',
    why: 'development only, loopback only: demo tokens and pseudonyms of invented people',
  },
  { path: '*', why: 'preflight requests of browsers (CORS)' },
]

export function mayStayUnaudited(path: string): boolean {
  return unaudited.some((one) => one.path === path)
}
