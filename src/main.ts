#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { openAskSession } from './ask-session.ts'
import { carriedFiles } from './carried-files.ts'
import { composeGateway, type Gateway } from './compose.ts'
import { ConfigError, readConfig, reportConfig } from './config.ts'
import { dataRetentionOf } from './data-retention.ts'
import { PolicyError } from './domain/privacy/policy.ts'
import { registerAsk } from './inbound/cli/ask.ts'
import { registerAttack } from './inbound/cli/attack.ts'
import { registerAuditExport } from './inbound/cli/audit-export.ts'
import { registerAuditReplay } from './inbound/cli/audit-replay.ts'
import { registerAuditState } from './inbound/cli/audit-state.ts'
import { registerAuditVerify } from './inbound/cli/audit-verify.ts'
import { registerAuditWitness } from './inbound/cli/audit-witness.ts'
import { registerClients } from './inbound/cli/clients.ts'
import { registerConfig } from './inbound/cli/config.ts'
import { registerDeliveries } from './inbound/cli/deliveries.ts'
import { registerDocuments } from './inbound/cli/documents.ts'
import { registerErasures } from './inbound/cli/erasures.ts'
import { registerEvaluate } from './inbound/cli/evaluate.ts'
import { registerImport } from './inbound/cli/import.ts'
import { registerKeys } from './inbound/cli/keys.ts'
import { registerPolicyExplain } from './inbound/cli/policy.ts'
import { registerPolicyTest } from './inbound/cli/policy-test.ts'
import { registerAnonymityReport } from './inbound/cli/report-anonymity.ts'
import { registerPolicyReports } from './inbound/cli/report-policy.ts'
import { registerRequests } from './inbound/cli/requests.ts'
import { registerRetention } from './inbound/cli/retention.ts'
import { buildGraphqlSchema, printGraphqlSchema } from './inbound/graphql/schema.ts'
import { Refusal } from './kernel/refusal.ts'
import { keyRotationsOf, rotateMasterKey } from './key-desk.ts'
import { checkMigrations } from './outbound/postgres/check-migrations.ts'
import { PolicyDesk } from './policy-desk.ts'
import { serve } from './serve.ts'
import { endWhenStalled } from './stall-watch.ts'
import { replayOf } from './trail-replay.ts'
import { witnessPorts } from './witness-ports.ts'

const print = (text: string) => void process.stdout.write(`${text}\n`)
const say = (text: string) => void process.stderr.write(`${text}\n`)
const schemaFile = fileURLToPath(new URL('../../schema.graphql', import.meta.url))

const program = new Command('bauta')
  .description('A GraphQL personalization gateway with a privacy layer.')
  .showHelpAfterError()

const open = async (): Promise<Gateway> => await composeGateway(readConfig(process.env), { say })

/** @param dir a policy other than the installation's. */
function policyDesk(dir: string | null = null) {
  const config = readConfig(process.env)
  return new PolicyDesk(dir === null ? config : { ...config, policyDir: dir }, open)
}

/** What `bauta audit export` needs of the gateway. */
async function openExport() {
  const gateway = await open()
  const { trailExport: trail, exportDoor, reception } = gateway
  const by = () => exportDoor.operator(reception.newRequestId())
  return { trail, by, close: async () => await gateway.close() }
}

/** What `bauta retention` needs of the gateway. */
async function openRetention() {
  const gateway = await open()
  return { retention: dataRetentionOf(gateway), close: async () => await gateway.close() }
}

/** What `bauta erasures` needs of the gateway. */
async function openErasures() {
  const gateway = await open()
  return { certificates: gateway.certificates, close: async () => await gateway.close() }
}

/** What `bauta requests` needs of the gateway. */
async function openRequests() {
  const gateway = await open()
  return { register: gateway.requests.lines, close: async () => await gateway.close() }
}

/** What `bauta keys` needs of the gateway. */
async function openKeys() {
  const gateway = await open()
  return { rotations: keyRotationsOf(gateway), close: async () => await gateway.close() }
}

/** What `bauta audit replay` needs of the gateway. */
async function openReplay() {
  const gateway = await open()
  return { replayed: replayOf(gateway), close: async () => await gateway.close() }
}

program
  .command('serve')
  .description(
    'start the gateway; with embedded PostgreSQL and demo data unless configured otherwise',
  )
  .action(async () => {
    const config = readConfig(process.env)
    endWhenStalled(config.stallSeconds)
    await serve(config, say)
  })

program
  .command('schema')
  .description('print the GraphQL schema')
  .option('--write', 'write it to schema.graphql')
  .option('--check', 'fail when schema.graphql is not what the code says')
  .action((options: { write?: true; check?: true }) => {
    const text = printGraphqlSchema(buildGraphqlSchema())
    if (options.write) writeFileSync(schemaFile, text)
    else if (!options.check) print(text)
    else if (readFileSync(schemaFile, 'utf8') !== text) {
      throw new Error(
        'schema.graphql is stale: run "npm run bauta -- schema --write" and commit it',
      )
    }
  })

program
  .command('migrations')
  .description('show what the database has not seen yet')
  .option(
    '--check',
    'run all migrations forwards and back on an empty embedded server and compare with the entities',
  )
  .action(async (options: { check?: true }) => {
    if (options.check) await checkMigrations(print)
    else await (await open()).close()
  })

const audit = program
  .command('audit')
  .description('the audit trail: for those who answer for it and those who check it')

registerAuditExport(audit, openExport, carriedFiles)
registerAuditVerify(audit)
registerAuditState(audit, open, print)
registerAuditReplay(audit, openReplay, print)
registerAuditWitness(audit, { ...witnessPorts, print, say })
registerConfig(program, () => reportConfig(process.env), print)
registerClients(program, open, print)
registerDocuments(program, open, { print, err: process.stderr })
registerImport(program, open)
registerDeliveries(program, open, print)
registerErasures(program, openErasures, { print, say })
registerRequests(program, openRequests, print)
registerEvaluate(program, process.env.BAUTA_EVAL_DATA ?? null, print)
const policy = program.command('policy').description('the rules about who sees what')
registerPolicyExplain(policy, async (as, purpose) => await policyDesk().explain(as, purpose), print)
registerPolicyTest(policy, async (files, dir) => await policyDesk(dir).test(files), print)
const report = program
  .command('report')
  .description('what can be said about data that leaves, and about rules')
registerAnonymityReport(report, print)
registerPolicyReports(
  report,
  {
    processing: async () => await policyDesk().processing(),
    label: async (as) => await policyDesk().label(as),
  },
  print,
)
registerRetention(program, openRetention, print)
registerKeys(program, {
  open: openKeys,
  rotateMaster: async (next) => await rotateMasterKey(readConfig(process.env), next, say),
  say,
  print,
})
registerAttack(program, print)
registerAsk(program, async () => await openAskSession(readConfig(process.env), say), print)

/** Errors that say themselves what to do need no stack. */
function isPlain(error: unknown): error is Error {
  return error instanceof Refusal || error instanceof ConfigError || error instanceof PolicyError
}

try {
  await program.parseAsync()
} catch (error) {
  if (isPlain(error)) say(`bauta: ${error.message}`)
  else say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  // What was opened before the failure would keep the process alive.
  process.exit(1)
}
