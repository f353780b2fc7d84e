import { countedSetsContract } from './counted-sets.contract.ts'
import { freshEmbedded } from './fresh-database.ts'

countedSetsContract('the embedded server', freshEmbedded)
