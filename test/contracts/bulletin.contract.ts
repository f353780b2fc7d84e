import { type Bulletin, NEWS_APART_MS, type News } from '../../src/kernel/bulletin.ts'

export const passing = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms))

/** How often the listener was told; `until` waits for that often. */
export function hearing(bulletin: Bulletin, news: News) {
  let times = 0
  const unlisten = bulletin.listen(news, () => {
    times += 1
  })
  const until = async (wanted: number) => {
    while (times < wanted) await passing(5)
  }
  return { unlisten, until, times: () => times }
}

export interface Announcing {
  readonly bulletin: Bulletin
  close(): void
}

export function bulletinContract(adapter: string, open: () => Promise<Announcing>): void {
  describe(`the bulletin ${adapter}`, () => {
    let opened: Announcing
    let bulletin: Bulletin
    beforeAll(async () => {
      opened = await open()
      bulletin = opened.bulletin
      // What a new one tells of itself is over.
      await passing(10 * NEWS_APART_MS)
    })
    afterAll(() => opened.close())

    test('tells every listener of the news it listens to before announce returns, and of no other', () => {
      const [one, two, other] = [
        hearing(bulletin, 'changes'),
        hearing(bulletin, 'changes'),
        hearing(bulletin, 'keys'),
      ]
      bulletin.announce('changes')
      expect([one.times(), two.times(), other.times()]).toEqual([1, 1, 0])
      for (const { unlisten } of [one, two, other]) unlisten()
    })

    test('tells nobody who has gone, and others though one of them fails', async () => {
      const gone = hearing(bulletin, 'definitions')
      gone.unlisten()
      const faulty = bulletin.listen('definitions', () => {
        throw new Error('a faulty listener')
      })
      const one = hearing(bulletin, 'definitions')
      bulletin.announce('definitions')
      expect([gone.times(), one.times()]).toEqual([0, 1])
      faulty()
      one.unlisten()
    })

    test('tells of a burst at its beginning and after its end, not each time', async () => {
      await passing(2 * NEWS_APART_MS)
      const one = hearing(bulletin, 'keys')
      for (let n = 0; n < 1_000; n += 1) bulletin.announce('keys')
      expect(one.times()).toBe(1)
      await one.until(2)
      await passing(5 * NEWS_APART_MS)
      expect(one.times()).toBeLessThan(10)
      bulletin.announce('keys')
      await one.until(3)
      one.unlisten()
    })
  })
}
