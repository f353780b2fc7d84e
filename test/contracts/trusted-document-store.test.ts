import { freshEmbedded } from './fresh-database.ts'
import { trustedDocumentStoreContract } from './trusted-document-store.contract.ts'

trustedDocumentStoreContract('the embedded server', freshEmbedded)
