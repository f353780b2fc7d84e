import type { Config } from './config.ts'
import { AuditHash } from './gateway/attest/audit-hash.ts'
import { AuditTrail } from './gateway/attest/audit-trail.ts'
import { AuditVolumes } from './gateway/attest/audit-volumes.ts'
import { Forwarder } from './gateway/attest/forwarder.ts'
import { TrailExport } from './gateway/attest/trail-export.ts'
import type { KnownValues } from './gateway/disclose/known-values.ts'
import type { Recorder } from './gateway/scope/recorder.ts'
import type { StandingDoors } from './inbound/graphql/doors.ts'
import { HttpsSink } from './outbound/delivery/https-sink.ts'
import { SyslogSink } from './outbound/delivery/syslog-sink.ts'
import type { Stores } from './stores.ts'

/** The doors of compliance. */
export function attestOf(stores: Stores, values: KnownValues): StandingDoors['attest'] {
  const { auditLog: log, keys, dayKeys, trailSubjects: subjects, clients } = stores
  return {
    trail: new AuditTrail(log, keys, subjects),
    hash: new AuditHash({ log, keys, dayKeys, subjects, clients, values }),
    volumes: new AuditVolumes(stores.auditStatistics),
  }
}

export function forwarderOf(stores: Stores, config: Config): Forwarder | null {
  const { auditSink: url, auditSinkFormat: format } = config
  if (url === null) return null
  const { auditLog: log, leaves, sinkPosition: position } = stores
  const sink = url.protocol.startsWith('http')
    ? new HttpsSink(url)
    : new SyslogSink({
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(url.port),
        tls: url.protocol === 'syslog+tls:',
      })
  return new Forwarder({ log, leaves, position, sink, format })
}

export function exportOf(stores: Stores, config: Config, recorder: Recorder): TrailExport {
  const { auditLog: log, leaves, trailTimes: times, tree, checkpointSigner: signer } = stores
  const witness = config.auditWitnessKey
  return new TrailExport({ log, leaves, times, tree, signer, witness, recorder })
}
