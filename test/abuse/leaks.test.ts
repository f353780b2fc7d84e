/** Every fifth facet, so that it is done while somebody waits; the others in leaks.long.test.ts. */
import './two-worlds.ts'
