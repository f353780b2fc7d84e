import { existsSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { BUILT, clusterTemplate } from './outbound/postgres/embedded-cluster.ts'

// The last step of the build: first starts copy what is made here, and later builds find that it fits.
const template = clusterTemplate(BUILT)
for (const name of readdirSync(BUILT))
  if (/^cluster-/.test(name) && name !== basename(template))
    rmSync(join(BUILT, name), { recursive: true })
if (!existsSync(template)) {
  // Loaded where it is needed only: most builds find their template.
  const { makeClusterTemplate } = await import('./outbound/postgres/make-template.ts')
  await makeClusterTemplate(template)
}
