import { freshEmbedded } from './fresh-database.ts'
import { securityCountStoreContract } from './security-count-store.contract.ts'

securityCountStoreContract('the embedded server', freshEmbedded)
