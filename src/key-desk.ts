import { join } from 'node:path'
import { composeGateway, type Gateway } from './compose.ts'
import type { Config } from './config.ts'
import { KeyRotations } from './gateway/govern/key-rotation.ts'
import type { NewMasterKey } from './inbound/cli/keys.ts'
import { openMasterKey } from './outbound/keys/master-key.ts'
import { rotateMaster } from './outbound/keys/master-rotation.ts'
import { randomness, type Say } from './stores.ts'

/** What `bauta keys status` calls the places that the master key comes from. */
const SOURCES: Readonly<Record<Config['masterKey']['kind'], string>> = {
  value: 'BAUTA_MASTER_KEY',
  file: 'BAUTA_MASTER_KEY_FILE',
  command: 'BAUTA_MASTER_KEY_COMMAND',
  create: 'keys/master.key',
}

/** New keys for old ones, of a gateway that is open. */
export function keyRotationsOf({ config, stores, recorder, clock }: Gateway): KeyRotations {
  return new KeyRotations({
    keys: stores.keys,
    dayKeys: stores.dayKeys,
    masterSource: SOURCES[config.masterKey.kind],
    clients: stores.clients,
    recorder,
    clock,
    overlapDays: config.pseudonymOverlapDays,
    backupDays: config.keyBackupDays,
  })
}

/** What `bauta keys rotate master` does; the entry that says so is written under the old key. */
export async function rotateMasterKey(config: Config, next: NewMasterKey, say: Say): Promise<void> {
  const origin =
    'file' in next
      ? ({ kind: 'file', path: next.file } as const)
      : ({ kind: 'command', command: next.command } as const)
  const wanted = await openMasterKey(origin, randomness)
  const master = await openMasterKey(config.masterKey, randomness)
  const gateway = await composeGateway(config, { say })
  try {
    // Data keys of an older version may rest on the master key itself.
    await keyRotationsOf(gateway).keepUp()
    await gateway.recorder.recordAction({ action: 'keys.rotate', keys: 'master' })
    await rotateMaster({ dir: join(config.dataDir, 'keys'), master, next: wanted, randomness })
  } finally {
    await gateway.close()
  }
}
