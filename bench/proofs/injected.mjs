/** Faults of the operating system, from outside and only for as long as wanted. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const CHUNK = Buffer.alloc(1024 * 1024)

/**
 * Makes every fdatasync of these processes fail with EIO, until `stop`.
 * @param on only for files with this path; null: for all
 */
export async function failingSync(pids, on = null) {
  const options = ['-f', '-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO']
  const where = on === null ? [] : ['-P', on]
  const who = pids.flatMap((pid) => ['-p', String(pid)])
  const tracer = spawn('strace', [...options, ...where, ...who], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  tracer.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-2_000)
  })
  while (!said.includes('attached')) {
    if (tracer.exitCode !== null) throw new Error(`strace did not attach: ${said}`)
    await sleep(20)
  }
  return {
    async stop() {
      if (tracer.exitCode !== null) return
      const gone = once(tracer, 'exit')
      tracer.kill('SIGTERM')
      await gone
    },
  }
}

/** A file system of this size in memory, mounted where the folder is. Only root may. */
export class SmallDisk {
  #path

  static mount(path, megabytes) {
    const disk = new SmallDisk()
    disk.#path = path
    disk.unmount()
    mkdirSync(path, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'bauta-proof', path])
    return disk
  }

  /** Takes all that is free but so much. */
  fill(butMegabytes = 0) {
    const free = this.free()
    const file = openSync(join(this.#path, 'filler'), 'a')
    try {
      for (let taken = 0; taken + CHUNK.length <= free - butMegabytes * CHUNK.length; )
        taken += writeSync(file, CHUNK)
      if (butMegabytes === 0) for (;;) writeSync(file, CHUNK.subarray(0, 4_096))
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error
    } finally {
      closeSync(file)
    }
  }

  clear() {
    rmSync(join(this.#path, 'filler'), { force: true })
  }

  free() {
    const [, line] = execFileSync('df', ['-B1', '--output=avail', this.#path], {
      encoding: 'utf8',
    }).split('\n')
    return Number(line)
  }

  unmount() {
    try {
      execFileSync('umount', [this.#path], { stdio: 'ignore' })
    } catch {
      // It was not mounted.
    }
    rmSync(this.#path, { recursive: true, force: true })
  }
}
