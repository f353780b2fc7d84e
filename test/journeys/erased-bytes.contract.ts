import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openCheckpoint } from '../../src/domain/audit/checkpoint.ts'
import { leafHash, verifyInclusion } from '../../src/domain/audit/merkle.ts'
import { parseVerifierKey } from '../../src/domain/audit/signed-note.ts'
import type { SubjectId } from '../../src/kernel/ids.ts'
import { CANARY, rowsOf } from '../erased-people.ts'
import type { As, RunningGateway } from '../running-gateway.ts'

/** A gateway whose files can be read byte by byte. */
export interface OpenedFiles {
  readonly running: RunningGateway
  /** Where the database and the gateway keep theirs. */
  readonly folders: readonly string[]
  /** Writes to the log of the database what others would in a day. */
  passTime(): Promise<void>
  stop(): Promise<void>
}

/** Row P5: what an erasure leaves in files, and when it is gone from there. */
export function erasedBytesContract(name: string, open: () => Promise<OpenedFiles>): void {
  describe(`the bytes of an erased person, over ${name}`, () => {
    let files: OpenedFiles
    let running: RunningGateway
    let officer: As
    let erasure: string

    beforeAll(async () => {
      files = await open()
      running = files.running
      officer = {
        token: await running.client({ id: 'officer', roles: ['compliance'] }),
        purpose: 'SUBJECT_RIGHTS',
      }
      await running.client({ id: 'shop', roles: ['frontend'] })
      await running.take('crm', rowsOf('other').map(withoutCanary))
    })
    afterAll(async () => await files.stop(), 120_000)

    const holding = async () => {
      const { database } = running.gateway.stores.opened
      await database.query('CHECKPOINT')
      const found = await Promise.all(files.folders.map((folder) => filesHolding(folder, CANARY)))
      return found.flat()
    }
    const certificate = async (as = officer) => {
      await running.gateway.trail.watch.look()
      return await running.ask(as, `{ erasureCertificate(id: "${erasure}") }`)
    }

    test('stand in files after everything was deleted', async () => {
      const [subject = ''] = await running.take('crm', rowsOf('alice'))
      await running.gateway.fit.run()
      const as = { token: await running.tokenFor('shop', subject as SubjectId), purpose: 'SERVICE' }
      const { data } = await running.ask(as, 'mutation { eraseProfile { id } }')
      erasure = data.eraseProfile.id
      expect((await holding()).length).toBeGreaterThan(0)
      // A model that may remember them is still there.
      expect(await running.gateway.certificates.rewrite()).toBe(0)
      const { stores } = (await certificate()).data.erasureCertificate
      expect(goneFrom(stores)).toEqual(['data keys', 'memory of gateways'])
    })

    test('are gone once the tables were written anew and the log has turned over', async () => {
      const { certificates, fit } = running.gateway
      expect(await fit.runIfDue()).not.toBeNull()
      const tables: string[] = []
      expect(await certificates.rewrite((table) => void tables.push(table))).toBe(1)
      expect(tables).toContain('read_model')
      expect(tables).not.toContain('audit_entry')
      expect((await holding()).filter((path) => !path.includes('pg_wal'))).toEqual([])
      await files.passTime()
      await certificates.look()
      expect(await holding()).toEqual([])
      expect(await certificates.rewrite()).toBe(0)
    })

    test('are certified as gone, store by store, with entries that lead to a signed checkpoint', async () => {
      const { data } = await certificate()
      const { stores, entries, keys } = data.erasureCertificate
      expect(goneFrom(stores)).toEqual(stores.map(({ store }: { store: string }) => store))
      const actions = entries.map(({ line, proof }: { line: string; proof: string }) => {
        proveInclusion(line, proof, keys[0])
        expect(() => proveInclusion(line.replace('admin', 'Admin'), proof, keys[0])).toThrow()
        return JSON.parse(line).action
      })
      expect(actions.map(({ action }: { action: string }) => action)).toEqual([
        'erasure.begin',
        'erasure.stop',
        'erasure.gone',
      ])
      for (const { store, gone } of stores.slice(0, -2))
        expect([store, actions[2][store]]).toEqual([store, gone])
    })

    test('are certified to staff only, and not of an erasure that never was', async () => {
      const [subject = ''] = await running.take('crm', rowsOf('other').map(withoutCanary))
      const person = {
        token: await running.tokenFor('shop', subject as SubjectId),
        purpose: 'SERVICE',
      }
      expect((await certificate(person)).codes).toEqual(['FORBIDDEN'])
      erasure = '01932a00-0000-7000-8000-000000000000'
      expect((await certificate()).codes).toEqual(['NOT_FOUND'])
    })
  })
}

function goneFrom(stores: readonly { store: string; gone: string | null }[]): string[] {
  return stores.filter(({ gone }) => gone !== null).map(({ store }) => store)
}

/** C2SP tlog-proof, read here by hand. @throws unless the line stands where the proof says. */
function proveInclusion(line: string, proof: string, vkey: string): void {
  const [head = '', ...rest] = proof.split('\n\n')
  const [version, index = '', ...hashes] = head.split('\n')
  expect(version).toBe('c2sp.org/tlog-proof@v1')
  const { size, root } = openCheckpoint(rest.join('\n\n'), parseVerifierKey(vkey), [])
  const holds = verifyInclusion({
    index: Number(index.replace('index ', '')),
    size,
    root,
    leafHash: leafHash(Buffer.from(line)),
    proof: hashes.map((hash) => Buffer.from(hash, 'base64')),
  })
  if (!holds) throw new Error('the entry does not stand there')
}

function withoutCanary<T>(row: T): T {
  return JSON.parse(JSON.stringify(row).replaceAll(CANARY, 'somebody'))
}

async function filesHolding(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  const found = await Promise.all(
    // Files of a running server come and go.
    paths.map(async (path) => ((await readFile(path).catch(() => '')).includes(text) ? path : '')),
  )
  return found.filter((path) => path !== '')
}
