import { freshEmbedded } from './fresh-database.ts'
import { recommendationStoreContract } from './recommendation-store.contract.ts'

recommendationStoreContract('the embedded server', freshEmbedded)
