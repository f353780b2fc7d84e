import { freshEmbedded } from './fresh-database.ts'
import { sequencerContract } from './sequencer.contract.ts'

sequencerContract('the embedded server', freshEmbedded)
