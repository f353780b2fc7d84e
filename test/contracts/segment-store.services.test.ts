import { freshPostgres } from './fresh-database.ts'
import { segmentStoreContract } from './segment-store.contract.ts'

segmentStoreContract('PostgreSQL', freshPostgres)
