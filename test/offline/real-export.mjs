// An export that a gateway has written: started with nothing but Node, witnessed by an officer's key, exported twice.
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const PORT = 4_137
const url = `http://127.0.0.1:${PORT}`
const command = (...words) => [process.execPath, ['dist/src/main.js', ...words]]

/** @returns folders of two exports, the second continuing the first. */
export async function realExports(work) {
  const [key, state] = [join(work, 'officer.key'), join(work, 'officer.state')]
  const env = { PATH: '/usr/bin:/bin', HOME: work, PORT: String(PORT) }
  env.BAUTA_DATA_DIR = join(work, 'data')
  const bauta = (...words) => {
    const { status, stdout, stderr } = spawnSync(...command(...words), { env, encoding: 'utf8' })
    if (status !== 0) throw new Error(`bauta ${words.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  env.BAUTA_AUDIT_WITNESS_KEY = bauta(
    ...['audit', 'witness', 'keygen', '--name', 'example.com/officer', '--key', key],
  ).trim()
  const gateway = spawn(...command('serve'), { env, stdio: 'ignore' })
  try {
    await ready(gateway)
    const [logKey] = (await (await fetch(`${url}/audit/keys`)).text()).split('\n')
    const witness = () =>
      bauta(
        ...['audit', 'witness', '--url', url, '--log-key', logKey],
        ...['--key', key, '--state', state],
      )
    const [first, second] = [join(work, 'real-1'), join(work, 'real-2')]
    witness()
    bauta('audit', 'export', '--witnessed', '--out', first)
    // The export itself is an entry, which the next checkpoint covers.
    await sleep(2_500)
    witness()
    bauta('audit', 'export', '--witnessed', '--since', first, '--proof', '0', '--out', second)
    return [first, second]
  } finally {
    gateway.kill('SIGTERM')
    await new Promise((resolve) => void gateway.once('exit', resolve))
  }
}

async function ready(gateway) {
  const giveUpAt = Date.now() + 120_000
  while (gateway.exitCode === null && Date.now() < giveUpAt) {
    const answer = await fetch(`${url}/audit/checkpoint`).catch(() => null)
    if (answer?.ok) return
    await sleep(250)
  }
  throw new Error('The gateway did not start.')
}
