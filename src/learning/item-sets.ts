/**
 * Which items each of many people met: rows of item numbers, one after the other in one typed array. A million pairs
 * take four megabytes.
 */
export interface ItemSets {
  /** Item ids by number. */
  readonly items: readonly string[]
  /** Row r holds the members from `offsets[r]` to before `offsets[r + 1]`. */
  readonly offsets: Uint32Array
  readonly members: Uint32Array
}

/** Collects rows as they are streamed. */
export class ItemSetsBuilder {
  readonly #numbers = new Map<string, number>()
  #members = new Uint32Array(1_024)
  #length = 0
  readonly #offsets: number[] = [0]

  /** One row; an item that stands in it twice counts once. */
  add(items: Iterable<string>): void {
    for (const item of new Set(items)) {
      const number = this.#numbers.get(item) ?? this.#numbers.size
      this.#numbers.set(item, number)
      if (this.#length === this.#members.length) {
        const larger = new Uint32Array(this.#length * 2)
        larger.set(this.#members)
        this.#members = larger
      }
      this.#members[this.#length++] = number
    }
    this.#offsets.push(this.#length)
  }

  build(): ItemSets {
    return {
      items: [...this.#numbers.keys()],
      offsets: Uint32Array.from(this.#offsets),
      members: this.#members.subarray(0, this.#length),
    }
  }
}

/** The same pairs the other way round: for each item, the rows that hold it. */
export function rowsByItem({ items, offsets, members }: ItemSets): {
  offsets: Uint32Array
  rows: Uint32Array
} {
  const starts = new Uint32Array(items.length + 1)
  for (const item of members) starts[item + 1] = at(starts, item + 1) + 1
  for (let item = 0; item < items.length; item++)
    starts[item + 1] = at(starts, item + 1) + at(starts, item)
  const next = starts.slice()
  const rows = new Uint32Array(members.length)
  for (let row = 0; row + 1 < offsets.length; row++)
    for (let index = at(offsets, row); index < at(offsets, row + 1); index++) {
      const item = at(members, index)
      rows[at(next, item)] = row
      next[item] = at(next, item) + 1
    }
  return { offsets: starts, rows }
}

/** An element that is known to be there. */
export function at(array: Uint32Array | Float64Array, index: number): number {
  return array[index] as number
}
