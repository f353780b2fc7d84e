import type { SubjectId } from '../src/kernel/ids.ts'
import { follow } from './follow.ts'
import { type As, given, type RunningGateway } from './running-gateway.ts'

/** The partner who reads, the page where people decide, and a segment that all of these people are in. */
export const PARTNER = 'acme'
const FIELDS = 'id account { plan } segments { key } recommendations { recommendations { itemId } }'

export async function peopleAndPartner(
  gateway: RunningGateway,
  count: number,
): Promise<{ people: readonly SubjectId[]; partner: As }> {
  const key = await gateway.client({ id: PARTNER, roles: ['partner'] })
  await gateway.client({ id: 'page', roles: ['subject'] })
  await gateway.gateway.segments.defineAsOperator({
    key: 'pros',
    name: 'Pros',
    description: '',
    rule: { field: 'plan', is: '=', value: 'pro' },
  })
  const people: SubjectId[] = []
  for (let n = 0; n < count; n += 1) {
    const identifiers = given({ userId: `reader-${n}` })
    const traits = { country: 'DE', plan: 'pro' }
    const profile = { type: 'profile' as const, recordKey: `reader-${n}`, identifiers, traits }
    people.push(...(await gateway.take('crm', [profile])))
  }
  return { people, partner: { token: key, purpose: 'PARTNER_SHARING' } }
}

/** Gives or withdraws, by the person's own token; resolves when that is acknowledged. */
export async function decide(
  gateway: RunningGateway,
  subject: SubjectId,
  isGiven: boolean,
): Promise<void> {
  const as = { token: await gateway.tokenFor('page', subject), purpose: 'SERVICE' }
  const { data, codes } = await gateway.ask(
    as,
    isGiven
      ? `mutation { recordConsent(consent: { purpose: "PARTNER_SHARING", recipient: "${PARTNER}", given: true }) { accepted } }`
      : `mutation { withdrawConsent(purpose: "PARTNER_SHARING", recipient: "${PARTNER}") { accepted } }`,
  )
  if (codes.length > 0 || !(data.recordConsent ?? data.withdrawConsent).accepted)
    throw new Error(codes.join())
}

type Node = { readonly id: string } | null
const idsOf = (nodes: readonly Node[]) => nodes.flatMap((node) => (node === null ? [] : [node.id]))

/** Every way in which a partner reads people, each telling by their pseudonyms whom it has disclosed. */
export function everyRead(gateway: RunningGateway, partner: As, pseudonyms: readonly string[]) {
  const listed = async (more: string) => {
    const found: string[] = []
    for (let after: string | null = null; ; ) {
      const { edges, pageInfo } = await page(after, more)
      found.push(...idsOf(edges.map(({ node }: { node: Node }) => node)))
      if (!pageInfo.hasNextPage) return found
      after = pageInfo.endCursor
    }
  }
  const page = async (after: string | null, more: string) =>
    (
      await gateway.ask(
        partner,
        `query($after: String) { searchProfiles(first: 2, after: $after${more}) {
          edges { node { ${FIELDS} } } pageInfo { hasNextPage endCursor } } }`,
        { after },
      )
    ).data.searchProfiles
  const one = async (id: string): Promise<Node> =>
    (await gateway.ask(partner, `query($id: ID!) { profile(id: $id) { ${FIELDS} } }`, { id })).data
      .profile
  return {
    'one by one': async () => idsOf(await Promise.all(pseudonyms.map(one))),
    'all at once': async () =>
      idsOf(
        (
          await gateway.ask(partner, `query($ids: [ID!]!) { profiles(ids: $ids) { ${FIELDS} } }`, {
            ids: pseudonyms,
          })
        ).data.profiles,
      ),
    'as a list, page by page': async () => await listed(''),
    'as members of a segment': async () => await listed(', filter: { segment: "pros" }'),
  }
}

/** What a running subscription about somebody has told last: whether it disclosed anything. */
export function watching(gateway: RunningGateway, partner: As, pseudonym: string) {
  const query = `subscription { profileChanged(id: "${pseudonym}") { profile { ${FIELDS} } } }`
  const stream = follow(gateway.origin, partner, query)
  return { ...stream, toldLast: () => disclosedBy(stream.events.at(-1)) }
}

function disclosedBy(event: unknown): boolean | null {
  const { data } = (event ?? {}) as { data?: { profileChanged: { profile: Node } } }
  return data === undefined ? null : data.profileChanged.profile !== null
}
