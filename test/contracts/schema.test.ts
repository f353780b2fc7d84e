import { freshEmbedded } from './fresh-database.ts'
import { schemaContract } from './schema.contract.ts'

schemaContract('the embedded server', freshEmbedded)
