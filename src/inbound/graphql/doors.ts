import type { AuditHash } from '../../gateway/attest/audit-hash.ts'
import type { AuditTrail } from '../../gateway/attest/audit-trail.ts'
import type { AuditVolumes } from '../../gateway/attest/audit-volumes.ts'
import type { SecurityReport } from '../../gateway/attest/security-report.ts'
import type { Disclose, DiscloseDesk } from '../../gateway/disclose/disclose.ts'
import type { Plan } from '../../gateway/disclose/plan.ts'
import type { Watch } from '../../gateway/disclose/watch.ts'
import type { Clients } from '../../gateway/govern/clients.ts'
import type { Deliveries } from '../../gateway/govern/deliveries.ts'
import type { Endpoints } from '../../gateway/govern/endpoints.ts'
import type { Erasure } from '../../gateway/govern/erasure.ts'
import type { ErasureCertificates } from '../../gateway/govern/erasure-certificates.ts'
import type { Items } from '../../gateway/govern/items.ts'
import type { RequestDesk } from '../../gateway/govern/request-desk.ts'
import type { Segments } from '../../gateway/govern/segments.ts'
import type { Processing } from '../../gateway/ingest/processing.ts'
import type { Rectification } from '../../gateway/ingest/rectification.ts'
import type { Tell } from '../../gateway/ingest/tell.ts'
import type { Scope } from '../../gateway/scope/scope.ts'

/** The doors that are the same for all requests. */
export interface StandingDoors {
  readonly desk: DiscloseDesk
  readonly tell: Tell
  readonly govern: {
    readonly segments: Segments
    readonly items: Items
    readonly clients: Clients
    readonly delivery: { readonly endpoints: Endpoints; readonly deliveries: Deliveries }
  }
  readonly rights: {
    readonly erasure: Erasure
    readonly certificates: ErasureCertificates
    readonly processing: Processing
    readonly rectification: Rectification
    readonly requests: RequestDesk
  }
  readonly attest: {
    readonly trail: AuditTrail
    readonly hash: AuditHash
    readonly volumes: AuditVolumes
  }
  readonly security: SecurityReport
  readonly watch: Watch
}

/** What a resolver is given: the hall and the doors of this one request, and nothing behind them. */
export interface Doors extends StandingDoors {
  readonly scope: Scope
  readonly plan: Plan
  readonly disclose: Disclose
}
