import type { Config } from './config.ts'
import { TrustedDocuments } from './gateway/govern/trusted-documents.ts'
import type { Audiences } from './gateway/scope/audiences.ts'
import type { Denials } from './gateway/scope/denials.ts'
import { DocumentGate } from './gateway/scope/document-gate.ts'
import type { Recorder } from './gateway/scope/recorder.ts'
import { inspectDocument } from './inbound/graphql/inspect-document.ts'
import type { Responder } from './inbound/graphql/responder.ts'
import { clock, type Stores } from './stores.ts'

/** Registered documents: who registers them, and who has to send them. */
export interface Documents {
  readonly documents: TrustedDocuments
  readonly gate: DocumentGate
}

export function documentsOf(
  { trustedDocuments: store, clients }: Stores,
  parts: {
    config: Config
    responder: Responder
    audiences: Audiences
    denials: Denials
    recorder: Recorder
    pause: () => Promise<void>
  },
): Documents {
  const { config, responder, audiences, denials, recorder, pause } = parts
  const inspect = inspectDocument(responder.schema)
  const development = config.mode === 'development'
  return {
    documents: new TrustedDocuments({ store, clients, inspect, recorder, clock, pause }),
    gate: new DocumentGate({ store, audiences, denials, recorder, development }),
  }
}
