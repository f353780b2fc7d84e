import { fileURLToPath } from 'node:url'
import { transformFile } from '@swc/core'

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (!/\.ts(\?|$)/.test(url)) return await nextLoad(url, context)
  const { code } = await transformFile(fileURLToPath(url), {
    sourceMaps: 'inline',
    jsc: { rewriteRelativeImportExtensions: false },
  })
  return { format: 'module', source: code, shortCircuit: true }
}
