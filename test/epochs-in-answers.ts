import type { As, RunningGateway } from './running-gateway.ts'

/** The epoch of every pseudonym in an answer, in the order in which they stand there. */
export function epochsIn(body: string): number[] {
  return (body.match(/(?<="p)\d+(?=[a-z2-7]{26}")/g) ?? []).map(Number)
}

/** One answer, by the clock that all gateways of this process share. */
export interface EpochAnswer {
  readonly from: number
  readonly to: number
  readonly epochs: readonly number[]
  readonly names: readonly string[]
}

/** Answers of each asker after the first one in the new epoch that anybody got. */
const AFTERWARDS = 10

/**
 * Asks without pause, two at each gateway, by pseudonyms of before, while `work` rotates; until everybody has asked for a
 * while after the new epoch was first seen. What each asker was answered.
 */
export async function askedThroughout(
  gateways: readonly RunningGateway[],
  as: As,
  ids: readonly string[],
  newEpoch: number,
  work: () => Promise<void>,
): Promise<readonly (readonly EpochAnswer[])[]> {
  let isNew = false
  const query = `query ($ids: [ID!]!) {
    profiles(ids: $ids) { id contact { name } }
    searchProfiles(first: ${ids.length}) { edges { node { id } } }
  }`
  async function asks(gateway: RunningGateway): Promise<readonly EpochAnswer[]> {
    const answers: EpochAnswer[] = []
    for (let afterwards = 0; afterwards < AFTERWARDS; afterwards += isNew ? 1 : 0) {
      const from = performance.now()
      const { body, codes, data } = await gateway.ask(as, query, { ids })
      if (codes.length > 0) throw new Error(codes.join())
      const epochs = epochsIn(body)
      isNew ||= epochs.includes(newEpoch)
      const names = data.profiles.map((one: { contact: { name: string } }) => one.contact.name)
      answers.push({ from, to: performance.now(), epochs, names })
    }
    return answers
  }
  const asking = Promise.all(gateways.flatMap((gateway) => [asks(gateway), asks(gateway)]))
  await work()
  return await asking
}

/** Row P3: answers that hold two epochs, and answers in an old one that were asked for after the new one had been seen. */
export function faultsOf(answers: readonly EpochAnswer[], newEpoch: number) {
  const seen = answers.filter(({ epochs }) => epochs.includes(newEpoch)).map(({ to }) => to)
  const newest = Math.min(...seen)
  return {
    mixed: answers.filter(({ epochs }) => new Set(epochs).size !== 1),
    stale: answers.filter(({ epochs, from }) => from > newest && !epochs.includes(newEpoch)),
  }
}
