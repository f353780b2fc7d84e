import { freshEmbedded } from '../../contracts/fresh-database.ts'
import { compositionContract } from './composition.contract.ts'

compositionContract('the embedded PostgreSQL', freshEmbedded)
