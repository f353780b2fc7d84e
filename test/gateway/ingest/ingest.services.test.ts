import { freshPostgres } from '../../contracts/fresh-database.ts'
import { ingestContract } from './ingest.contract.ts'

ingestContract('PostgreSQL', freshPostgres)
