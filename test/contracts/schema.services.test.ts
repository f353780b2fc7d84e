import { freshPostgres } from './fresh-database.ts'
import { schemaContract } from './schema.contract.ts'

schemaContract('PostgreSQL', freshPostgres)
