import { freshEmbedded } from '../../contracts/fresh-database.ts'
import { decisionOrderContract } from './decision-order.contract.ts'

decisionOrderContract('the embedded server', freshEmbedded)
