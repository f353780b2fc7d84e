/** What is asked: the same people and fields of everybody, in the words of each. */
import { PEOPLE, randomOf, subjectId } from './dataset.mjs'

export const workloads = {
  list: { rows: 20, contact: false, title: 'list of 20, no contact fields' },
  contact: { rows: 20, contact: true, title: 'list of 20, contact fields' },
  single: { rows: 1, contact: false, title: 'single profile' },
  long: { rows: 1_000, contact: false, title: 'list of 1,000, no contact fields' },
  longContact: { rows: 1_000, contact: true, title: 'list of 1,000, contact fields' },
}

/** As many different lists as a round needs so that no cache of answers would help; the same for every contender. */
export function idLists(rows, lists, people = PEOPLE) {
  const random = randomOf(rows * 7 + lists)
  return Array.from({ length: lists }, () => {
    const drawn = new Set()
    while (drawn.size < rows) drawn.add(random.below(people))
    return [...drawn].map(subjectId)
  })
}

const FIELDS = (contact) => /* GraphQL */ `
  id
  ${contact ? 'contact { name email phone address }' : ''}
  demographics { ageBand gender country city language }
  account { plan lifecycleStage company customerSince }
  activity { sessionCount lastSeenAt onboardingStep device }
  commerce { orderCount totalValue lastOrderAt favouriteCategories }
  segments { key name }
  recommendations { recommendations { item { itemId title } score } }
`

/** Of Bauta and of the peers that serve the same schema. */
export function graphqlRequest({ rows, contact }, ids) {
  const query =
    rows === 1
      ? `query ($id: ID!) { profile(id: $id) { ${FIELDS(contact)} } }`
      : `query ($ids: [ID!]!) { profiles(ids: $ids) { ${FIELDS(contact)} } }`
  return { path: '/graphql', body: { query, variables: rows === 1 ? { id: ids[0] } : { ids } } }
}

export const graphqlProfiles = ({ data }) => data.profiles ?? [data.profile]

export function plainRequest({ contact }, ids) {
  return { path: contact ? '/profiles/contact' : '/profiles', body: { ids } }
}

export function postgraphileRequest({ rows, contact }, ids) {
  const fields = `
    rowId ageBand gender country city language
    crmBySubjectId { plan lifecycleStage company customerSince ${contact ? 'name email phone address' : ''} }
    analyticBySubjectId { sessionCount lastSeenAt onboardingStep device }
    commerceBySubjectId { orderCount totalValue lastOrderAt favouriteCategories }
    membershipsBySubjectIdList(orderBy: SEGMENT_KEY_ASC) { segmentBySegmentKey { key name } }
    recommendationsBySubjectIdList(first: 10, orderBy: RANK_ASC) { itemByItemId { rowId title } score }`
  const query =
    rows === 1
      ? `query ($id: UUID!) { profileByRowId(rowId: $id) { ${fields} } }`
      : `query ($ids: [UUID]!) { profilesByIdsList(ids: $ids) { ${fields} } }`
  return { path: '/graphql', body: { query, variables: rows === 1 ? { id: ids[0] } : { ids } } }
}

export function postgraphileProfiles({ data }) {
  return (data.profilesByIdsList ?? [data.profileByRowId]).map((node) => {
    const { name, email, phone, address, ...account } = node.crmBySubjectId
    const { ageBand, gender, country, city, language } = node
    return {
      id: node.rowId,
      ...(name !== undefined && { contact: { name, email, phone, address } }),
      demographics: { ageBand, gender, country, city, language },
      account,
      activity: node.analyticBySubjectId,
      commerce: node.commerceBySubjectId,
      segments: node.membershipsBySubjectIdList.map((one) => one.segmentBySegmentKey),
      recommendations: {
        recommendations: node.recommendationsBySubjectIdList.map(
          ({ itemByItemId: { rowId, title }, score }) => ({
            item: { itemId: rowId, title },
            score,
          }),
        ),
      },
    }
  })
}

/** Profiles without their ids (Bauta's are pseudonyms), in an order of keys and a notation of instants that all share. */
export function canonical(profiles) {
  return JSON.stringify(profiles.map(({ id, ...rest }) => sorted(rest)))
}

const INSTANT = /^\d{4}-\d\d-\d\dT/
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value === 'string' && INSTANT.test(value)) return new Date(value).toISOString()
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}
