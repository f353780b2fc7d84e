import { changeFeedContract } from './change-feed.contract.ts'
import { freshEmbedded } from './fresh-database.ts'

changeFeedContract('the embedded server', freshEmbedded)
