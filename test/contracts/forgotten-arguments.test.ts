import { forgottenArgumentsContract } from './forgotten-arguments.contract.ts'
import { freshEmbedded } from './fresh-database.ts'

forgottenArgumentsContract('the embedded server', freshEmbedded)
