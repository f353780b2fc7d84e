/** Bounds on what a stranger may ask of one process. Kept low on purpose; each names its reason. */
export const limits = {
  /** A GraphQL body: the largest query of the documentation is under 4 kB. */
  bodyBytes: 256 * 1024,
  /** All headers of a request together; the longest address is shorter. */
  headerBytes: 16 * 1024,
  /** Longest time for the headers to arrive, in milliseconds; honest ones come in one packet. */
  headersMs: 10_000,
  /** Connections that are open at once, subscriptions among them; one more is closed. */
  connections: 4_096,
  /** Streams that a client may have open at once on this gateway, and one person for whom it acts. */
  streamsPerClient: 100,
  streamsPerPerson: 10,
  /** Of all people for whom one client acts: a shop has many, and a quarter of the connections. */
  streamsForPeople: 1_000,
  /** Deep enough for every documented query, too shallow for recursion through connections. */
  queryDepth: 12,
  queryTokens: 2_000,
  /** Places of fields, fragments unfolded: forty short fragments that spread each other twice make a trillion. */
  queryFields: 5_000,
  /** Pairs of fields of one name, or of spreads, at one place of the answer: a hundred of one name. Validation compares them all. */
  queryOverlaps: 5_000,
  queryAliases: 30,
  queryDirectives: 30,
  /** Levels of a JSON value: a segment's rule has at most 22, and 100,000 exhaust the stack of whatever walks them. */
  jsonDepth: 32,
  /** Estimated cost units of one operation: a page of 1,000 whole profiles fits. */
  queryCost: 250_000,
  /** Rows of one page or ids of one list. */
  pageSize: 1_000,
  /** Length of one value of one trait, in characters. */
  traitCharacters: 4_096,
  /** A leaf of the audit trail (C2SP tlog-tiles: a 16-bit length prefix); entries are split before it. */
  auditLeafBytes: 60 * 1024,
} as const
