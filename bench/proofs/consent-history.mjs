/**
 * What each person decided and what was read of them, all by one clock that never goes back: that of the process that
 * asks. Decisions of one person follow each other; one of which nothing was heard counts as possible from its beginning
 * on, and the next one waits until it can have no effect any more.
 */
export class ConsentHistory {
  #decisions = new Map()
  findings = []
  /** Reads that were judged, by kind; people whom they disclosed; reads that had to be empty, and were. */
  reads = {}
  disclosed = {}
  withheld = {}

  begin(person, given) {
    const decision = { given, start: performance.now(), end: null, confirmed: false }
    this.#of(person).push(decision)
    return decision
  }

  /** @param confirmed whether the answer said so; otherwise nobody knows, and from now on nothing of it happens. */
  end(decision, confirmed) {
    decision.end = performance.now()
    decision.confirmed = confirmed
  }

  /**
   * A read that began and ended then, and whom it disclosed.
   * @param asked of whom it would have disclosed something if it could; null: whoever is not in the answer says nothing.
   */
  read(kind, { start, end }, seen, asked = null) {
    this.#count(this.reads, kind, 1)
    this.#count(this.disclosed, kind, seen.length)
    for (const person of seen)
      if (this.#mustBe(person, false, start, end))
        this.findings.push(`${kind}: somebody was disclosed after they had withdrawn`)
    for (const person of asked ?? []) {
      if (seen.includes(person)) continue
      this.#count(this.withheld, kind, 1)
      if (this.#mustBe(person, true, start, end))
        this.findings.push(`${kind}: somebody was withheld after they had given consent`)
    }
  }

  /** Whether a decision was confirmed before the read began, and no other one can have taken its place before it ended. */
  #mustBe(person, given, start, end) {
    const decisions = this.#of(person)
    const last = decisions.findLastIndex((one) => one.confirmed && one.end < start)
    if (last < 0 || decisions[last].given !== given) return false
    return !decisions.slice(last + 1).some((one) => one.given !== given && one.start < end)
  }

  /** Decisions that no read can be about any more. */
  forgetBefore(instant) {
    for (const [person, decisions] of this.#decisions) {
      const last = decisions.findLastIndex((one) => one.confirmed && one.end < instant)
      if (last > 0) this.#decisions.set(person, decisions.slice(last))
    }
  }

  #of(person) {
    const known = this.#decisions.get(person)
    if (known) return known
    this.#decisions.set(person, [])
    return this.#of(person)
  }

  #count(tally, kind, by) {
    tally[kind] = (tally[kind] ?? 0) + by
  }
}
