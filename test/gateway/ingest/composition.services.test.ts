import { freshPostgres } from '../../contracts/fresh-database.ts'
import { compositionContract } from './composition.contract.ts'

compositionContract('PostgreSQL', freshPostgres)
