import { freshEmbedded } from '../../contracts/fresh-database.ts'
import { countingContract } from './counting.contract.ts'

countingContract('the embedded PostgreSQL', freshEmbedded)
