/** Some questions, so that it is done while somebody waits; thousands in twin-worlds.long.test.ts. */
import './twin-worlds.ts'
