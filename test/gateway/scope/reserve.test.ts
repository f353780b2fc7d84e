import { Reserve, type Room } from '../../../src/gateway/scope/reserve.ts'

const RESERVE = 100

describe('the reserve of the disk', () => {
  let free: number | null
  let told: Room[]
  let reserve: Reserve

  beforeEach(() => {
    free = 10_000
    told = []
    const space = {
      free: async () => {
        if (free === -1) throw new Error('the disk does not answer')
        return free
      },
    }
    reserve = new Reserve(space, RESERVE, (room) => told.push(room))
  })

  test.each<[number | null, Room]>([
    [5 * RESERVE, 'ample'],
    [5 * RESERVE - 1, 'low'],
    [RESERVE, 'low'],
    [RESERVE - 1, 'reserved'],
    [0, 'reserved'],
    [null, 'ample'],
  ])('with %p bytes free is %s', async (bytes, room) => {
    free = bytes
    await reserve.look()
    expect(reserve.room).toBe(room)
    if (room === 'reserved') expect(() => reserve.assertRoom()).toThrow('withdrawals')
    else expect(() => reserve.assertRoom()).not.toThrow()
  })

  test('tells of each change once', async () => {
    for (const bytes of [1_000, 400, 300, 50, 40, 10_000, 9_000]) {
      free = bytes
      await reserve.look()
    }
    expect(told).toEqual(['low', 'reserved', 'ample'])
  })

  test('holds on where the disk does not answer', async () => {
    free = 0
    await reserve.look()
    free = -1
    await expect(reserve.look()).rejects.toThrow('does not answer')
    expect(() => reserve.assertRoom()).toThrow('withdrawals')
  })
})
