import { freshPostgres } from '../../contracts/fresh-database.ts'
import { itemUndoContract } from './item-undo.contract.ts'

itemUndoContract('PostgreSQL', freshPostgres)
