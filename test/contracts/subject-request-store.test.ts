import { freshEmbedded } from './fresh-database.ts'
import { subjectRequestStoreContract } from './subject-request-store.contract.ts'

subjectRequestStoreContract('the embedded server', freshEmbedded)
