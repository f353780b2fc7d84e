/** A planted fault, loaded before the gateway: the journal is written and never synced. */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = await mkdtemp(join(tmpdir(), 'bauta-proof-'))
const file = await open(join(folder, 'any'), 'w')
Object.getPrototypeOf(file).datasync = async () => {}
await file.close()
await rm(folder, { recursive: true })
