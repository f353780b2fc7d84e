import { freshEmbedded } from '../../contracts/fresh-database.ts'
import { ingestContract } from './ingest.contract.ts'

ingestContract('the embedded PostgreSQL', freshEmbedded)
