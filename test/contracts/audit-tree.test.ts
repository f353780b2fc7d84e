import { auditTreeContract } from './audit-tree.contract.ts'
import { freshEmbedded } from './fresh-database.ts'

auditTreeContract('the embedded server', freshEmbedded)
