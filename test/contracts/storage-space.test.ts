import { tmpdir } from 'node:os'
import { FolderSpace } from '../../src/outbound/postgres/storage-space.ts'

describe('the space of a folder', () => {
  test('is what its file system has free', async () => {
    expect(await new FolderSpace(tmpdir()).free()).toBeGreaterThan(0)
  })

  test('is not guessed where the folder is gone', async () => {
    await expect(new FolderSpace('/nowhere/at/all').free()).rejects.toThrow('ENOENT')
  })
})
