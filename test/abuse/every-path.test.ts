/** In two situations, so that it is done while somebody waits; in all of them in every-path.long.test.ts. */
import './every-path.ts'
