import { forgottenArgumentsContract } from './forgotten-arguments.contract.ts'
import { freshPostgres } from './fresh-database.ts'

forgottenArgumentsContract('PostgreSQL', freshPostgres)
