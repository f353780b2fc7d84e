/**
 * What is shown by long runs rather than by tests. A proof has
 *   name      its word on the command line
 *   shows     the sentence that holds if it passes
 *   full      how many cycles, pairs or rows are a full run
 *   covers    paths whose later commits make a result old
 *   needs     commands that it runs and that a machine may not have
 *   run       ({ size, seed, state, save, log }) => result with `passed`; picks up from `state`, saves it as it goes
 */
import { consent } from './consent.mjs'
import { faults } from './faults.mjs'
import { kill } from './kill.mjs'
import { syscalls } from './syscalls.mjs'
import { timing } from './timing.mjs'

export const proofs = [kill, syscalls, faults, consent, timing]
