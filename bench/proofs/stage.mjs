/** An installation whose gateways, database and disk may be broken, and the crowd that asks meanwhile. */
import { Crowd } from './crowd.mjs'
import { SmallDisk } from './injected.mjs'
import { Installation } from './installation.mjs'
import { ScratchCluster } from './scratch-cluster.mjs'

const DISK_MB = 500

export class Stage {
  /** Those that serve in this scene. */
  gateways = []
  disk = null
  cluster = null

  /** @param cluster settings of a PostgreSQL server of its own, if it has one; @param disk whether the database's is small */
  static async open(name, { cluster, disk = false }) {
    const stage = new Stage()
    const installation = new Installation(name, null)
    stage.installation = installation
    installation.clear()
    try {
      const folder = cluster ? `/tmp/bauta-${name}-${process.pid}` : installation.data
      if (disk) stage.disk = SmallDisk.mount(folder, DISK_MB)
      if (cluster) {
        stage.cluster = await ScratchCluster.create(cluster, disk ? folder : null)
        await stage.cluster.start()
        installation.use(stage.cluster.url)
      }
      stage.credentials = await installation.prepare(NO_RESERVE)
      return stage
    } catch (error) {
      await stage.close()
      throw error
    }
  }

  async start(processes, environment, imports) {
    const modules = imports.map((module) => new URL(module, import.meta.url).href)
    const start = async () => {
      const gateway = await this.installation.gateway({
        environment: { ...NO_RESERVE, ...environment },
        imports: modules,
      })
      this.gateways.push(gateway)
      await gateway.start()
    }
    for (let n = 0; n < processes; n++) await start()
    const urls = this.gateways.map(({ url }) => url)
    this.crowd = await Crowd.meet(urls, this.credentials)
  }

  async stop() {
    this.crowd?.close()
    for (const gateway of this.gateways.splice(0)) await gateway.stop('SIGKILL')
  }

  async close() {
    await this.stop()
    await this.cluster?.remove()
    this.disk?.unmount()
  }
}

/** What is left of a small disk says nothing, unless that is the question. */
const NO_RESERVE = { BAUTA_DISK_RESERVE_MB: '0' }
