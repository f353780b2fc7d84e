import { freshPostgres } from './fresh-database.ts'
import { subjectRequestStoreContract } from './subject-request-store.contract.ts'

subjectRequestStoreContract('PostgreSQL', freshPostgres)
