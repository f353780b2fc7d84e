import { clientStoreContract } from './client-store.contract.ts'
import { freshEmbedded } from './fresh-database.ts'

clientStoreContract('the embedded server', freshEmbedded)
