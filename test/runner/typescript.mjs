import { register } from 'node:module'

// For `node --import`: Node reads TypeScript, in the tests and in what they test, as swc compiles it for the build.
register('./compile.mjs', import.meta.url)
