import fc from 'fast-check'
import { BUNDLE_ENTRIES, packBundle, unpackBundle } from '../../../src/domain/audit/entry-bundle.ts'

const entry = fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 }), { nil: null })
const bundle = fc.array(entry, { minLength: BUNDLE_ENTRIES, maxLength: BUNDLE_ENTRIES })

test('a bundle gives back the exact bytes of its entries, and those that were discarded as nothing', () => {
  fc.assert(
    fc.property(bundle, (entries) => {
      expect(unpackBundle(packBundle(entries)).map((one) => one && new Uint8Array(one))).toEqual(
        entries,
      )
    }),
    { numRuns: 30 },
  )
})

test('a bundle has the form of C2SP tlog-tiles: 16 bits of length before each entry', () => {
  const largest = Buffer.alloc(65_535, 1)
  const packed = packBundle([Buffer.from('ab'), null, largest])
  expect(packed.subarray(0, 8)).toEqual(Buffer.from([0, 2, 0x61, 0x62, 0, 0, 0xff, 0xff]))
  expect(packed).toHaveLength(4 + 2 + 2 + 65_535)
})

test('a bundle that breaks off, or has too many or too few entries, is refused', () => {
  const whole = packBundle(Array.from({ length: BUNDLE_ENTRIES }, () => Buffer.from('entry')))
  for (const end of [0, 1, 7, 8, whole.length - 1])
    expect(() => unpackBundle(whole.subarray(0, end))).toThrow('The bundle')
  expect(() => unpackBundle(Buffer.concat([whole, whole]))).toThrow('512 entries')
})
