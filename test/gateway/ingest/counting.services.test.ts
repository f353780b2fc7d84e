import { freshPostgres } from '../../contracts/fresh-database.ts'
import { countingContract } from './counting.contract.ts'

countingContract('PostgreSQL', freshPostgres)
