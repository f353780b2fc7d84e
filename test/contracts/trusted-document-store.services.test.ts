import { freshPostgres } from './fresh-database.ts'
import { trustedDocumentStoreContract } from './trusted-document-store.contract.ts'

trustedDocumentStoreContract('PostgreSQL', freshPostgres)
