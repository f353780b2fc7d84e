import { clientStoreContract } from './client-store.contract.ts'
import { freshPostgres } from './fresh-database.ts'

clientStoreContract('PostgreSQL', freshPostgres)
