import { QuietPace } from '../../../src/inbound/graphql/quiet-pace.ts'

const within = async (work: Promise<void>, ms: number) =>
  await Promise.race([
    work.then(() => 'passed' as const),
    new Promise<'waits'>((resolve) => setTimeout(() => resolve('waits'), ms)),
  ])

test('answers that nobody is told come as they come, until there are too many: then with the next window', async () => {
  const pace = new QuietPace(5, 300)
  const began = performance.now()
  for (let n = 0; n < 4; n += 1) expect(await within(pace.passed(), 20)).toBe('passed')
  const fifth = pace.passed()
  expect(await within(fifth, 20)).toBe('waits')
  await fifth
  expect(performance.now() - began).toBeGreaterThan(290)
  expect(await within(pace.passed(), 20)).toBe('passed')
})
