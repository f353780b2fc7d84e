/**
 * What is shown by long runs rather than by tests. A proof has
 *   name      its word on the command line
 *   shows     the sentence that holds if it passes
 *   full      how many cycles, pairs or rows are a full run
 *   covers    paths whose later commits make a result old
 *   run       ({ size, seed, state, save, log }) => result with `passed`; picks up from `state`, saves it as it goes
 */
import { kill } from './kill.mjs'

export const proofs = [kill]
