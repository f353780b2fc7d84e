import { auditArchiveContract } from './audit-archive.contract.ts'
import { freshPostgres } from './fresh-database.ts'

auditArchiveContract('PostgreSQL', freshPostgres)
