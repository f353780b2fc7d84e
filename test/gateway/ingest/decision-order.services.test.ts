import { freshPostgres } from '../../contracts/fresh-database.ts'
import { decisionOrderContract } from './decision-order.contract.ts'

decisionOrderContract('PostgreSQL', freshPostgres)
