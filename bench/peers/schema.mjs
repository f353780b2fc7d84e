/** The schema of the GraphQL peers: the part of Bauta's that the benchmark asks for, without purpose or privacy. */
import { loaders } from './sources.mjs'

export const typeDefs = /* GraphQL */ `
  type Query {
    profile(id: ID!): Profile
    profiles(ids: [ID!]!): [Profile]!
  }
  type Profile {
    id: ID!
    contact: Contact
    demographics: Demographics
    account: Account
    activity: Activity
    commerce: Commerce
    segments: [Segment!]
    recommendations(first: Int = 10): RecommendationList
  }
  type Contact { name: String email: String phone: String address: String }
  type Demographics { ageBand: String gender: String country: String city: String language: String }
  type Account { plan: String lifecycleStage: String company: String customerSince: String }
  type Activity { sessionCount: Int firstSeenAt: String lastSeenAt: String onboardingStep: String device: String }
  type Commerce { orderCount: Int totalValue: Float lastOrderAt: String favouriteCategories: [String!] }
  type Segment { key: String! name: String! }
  type RecommendationList { recommendations: [Recommendation!]! }
  type Recommendation { item: Item! score: Float! }
  type Item { itemId: String! title: String! }
`

const iso = (name) => (row) => row[name].toISOString()

export const resolvers = {
  Query: {
    profile: (_, { id }, { loaders }) => loaders.profile.load(id),
    profiles: (_, { ids }, { loaders }) => loaders.profile.loadMany(ids),
  },
  Profile: {
    contact: ({ id }, _, { loaders }) => loaders.crm.load(id),
    demographics: (profile) => profile,
    account: ({ id }, _, { loaders }) => loaders.crm.load(id),
    activity: ({ id }, _, { loaders }) => loaders.analytics.load(id),
    commerce: ({ id }, _, { loaders }) => loaders.commerce.load(id),
    segments: ({ id }, _, { loaders }) => loaders.segments.load(id),
    recommendations: async ({ id }, { first }, { loaders }) => ({
      recommendations: (await loaders.recommendations.load(id)).slice(0, first),
    }),
  },
  Activity: { firstSeenAt: iso('firstSeenAt'), lastSeenAt: iso('lastSeenAt') },
  Commerce: { lastOrderAt: iso('lastOrderAt') },
  Recommendation: { item: ({ itemId, title }) => ({ itemId, title }) },
}

export const context = () => ({ loaders: loaders() })
