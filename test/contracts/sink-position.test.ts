import { freshEmbedded } from './fresh-database.ts'
import { sinkPositionContract } from './sink-position.contract.ts'

sinkPositionContract('the embedded server', freshEmbedded)
