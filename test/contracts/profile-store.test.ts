import { freshEmbedded } from './fresh-database.ts'
import { profileListContract } from './profile-list.contract.ts'
import { profileStoreContract } from './profile-store.contract.ts'

profileStoreContract('the embedded server', freshEmbedded)
profileListContract('the embedded server', freshEmbedded)
