/** Numbers from `first` to `last`. */
export interface NumberRun {
  readonly first: number
  readonly last: number
}

/** @param index above all in the runs. */
export function extendRuns(runs: NumberRun[], index: number): void {
  const run = runs.at(-1)
  if (run && index === run.last + 1) runs[runs.length - 1] = { first: run.first, last: index }
  else runs.push({ first: index, last: index })
}
