import { freshPostgres } from './fresh-database.ts'
import { outboxContract } from './outbox.contract.ts'

outboxContract('PostgreSQL', freshPostgres)
