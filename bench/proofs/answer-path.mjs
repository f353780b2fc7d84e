/**
 * The code between a question and the durable entry of its answer, as paths for git: what the proofs of the trail show
 * something about. What a field shows, and to whom, is shown by tests.
 */
export const answerPath = [
  'src/inbound/http/server.ts',
  'src/inbound/graphql/route.ts',
  'src/inbound/graphql/known-documents.ts',
  'src/inbound/graphql/responder.ts',
  'src/inbound/graphql/errors.ts',
  'src/inbound/graphql/stream-route.ts',
  'src/gateway/disclose/reception.ts',
  'src/gateway/disclose/record-response.ts',
  'src/gateway/disclose/steps.ts',
  'src/gateway/scope',
  'src/gateway/attest',
  'src/domain/audit',
  'src/outbound/keys',
  'src/outbound/postgres/connect.ts',
  'src/outbound/postgres/database.ts',
  ':(glob)src/outbound/postgres/audit-*.ts',
  ':(glob)src/outbound/postgres/embedded*.ts',
  ':(glob)src/outbound/postgres/entities/audit*.ts',
  'src/schedules.ts',
  'src/serve.ts',
  'src/stores.ts',
  ':(glob)migrations/*audit*.ts',
  // Of the trail's tables as well, whatever their names say.
  ':(glob)migrations/*-exported-checkpoints.ts',
  ':(glob)migrations/*-arguments-by-day.ts',
  ':(glob)migrations/*-leaf-compression.ts',
]
