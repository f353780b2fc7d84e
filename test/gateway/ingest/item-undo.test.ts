import { freshEmbedded } from '../../contracts/fresh-database.ts'
import { itemUndoContract } from './item-undo.contract.ts'

itemUndoContract('the embedded PostgreSQL', freshEmbedded)
