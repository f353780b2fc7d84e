import { dataRetentionContract } from './data-retention.contract.ts'
import { freshPostgres } from './fresh-database.ts'

dataRetentionContract('PostgreSQL', freshPostgres)
