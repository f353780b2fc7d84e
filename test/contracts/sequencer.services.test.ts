import { freshPostgres } from './fresh-database.ts'
import { sequencerContract } from './sequencer.contract.ts'

sequencerContract('PostgreSQL', freshPostgres)
