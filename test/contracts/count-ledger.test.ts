import { countLedgerContract } from './count-ledger.contract.ts'
import { freshEmbedded } from './fresh-database.ts'

countLedgerContract('the embedded server', freshEmbedded)
