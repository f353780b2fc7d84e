/** Thousands of questions. */
import './twin-worlds.ts'
