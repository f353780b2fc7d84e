import { freshEmbedded } from './fresh-database.ts'
import { outboxContract } from './outbox.contract.ts'

outboxContract('the embedded server', freshEmbedded)
