import { freshPostgres } from './fresh-database.ts'
import { profileListContract } from './profile-list.contract.ts'
import { profileStoreContract } from './profile-store.contract.ts'

profileStoreContract('PostgreSQL', freshPostgres)
profileListContract('PostgreSQL', freshPostgres)
