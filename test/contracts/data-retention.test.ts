import { dataRetentionContract } from './data-retention.contract.ts'
import { freshEmbedded } from './fresh-database.ts'

dataRetentionContract('the embedded server', freshEmbedded)
