import { freshEmbedded } from './fresh-database.ts'
import { segmentStoreContract } from './segment-store.contract.ts'

segmentStoreContract('the embedded server', freshEmbedded)
