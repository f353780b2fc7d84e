/** All facets. */
import './two-worlds.ts'
