import { freshPostgres } from './fresh-database.ts'
import { securityCountStoreContract } from './security-count-store.contract.ts'

securityCountStoreContract('PostgreSQL', freshPostgres)
