import { countLedgerContract } from './count-ledger.contract.ts'
import { freshPostgres } from './fresh-database.ts'

countLedgerContract('PostgreSQL', freshPostgres)
