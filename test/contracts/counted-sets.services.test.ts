import { countedSetsContract } from './counted-sets.contract.ts'
import { freshPostgres } from './fresh-database.ts'

countedSetsContract('PostgreSQL', freshPostgres)
