import 'reflect-metadata'
import { printSchemaWithDirectives } from '@graphql-tools/utils'
import {
  type GraphQLInterfaceType,
  type GraphQLSchema,
  lexicographicSortSchema,
  specifiedDirectives,
} from 'graphql'
import { buildSchemaSync, type PubSub } from 'type-graphql'
import { AuditResolver } from './audit.resolver.ts'
import { ItemResolver, SegmentResolver } from './catalogue.resolver.ts'
import { ChangeResolver } from './change.resolver.ts'
import { ClientResolver } from './client.resolver.ts'
import { ConsentResolver } from './consent.resolver.ts'
import { CountResolver, SegmentSizeResolver, ViewerBudgetResolver } from './count.resolver.ts'
import { DeliveryResolver } from './delivery.resolver.ts'
import {
  costDirective,
  listSizeDirective,
  personalDirective,
  purposeDirective,
  scopeDirective,
} from './directives.ts'
import { typeOfId } from './node.type.ts'
import { ProfileResolver } from './profile.resolver.ts'
import { QueryResolver } from './query.resolver.ts'
import { RightsResolver } from './rights.resolver.ts'
import { SecurityResolver } from './security.resolver.ts'
import { SubjectRequestResolver } from './subject-request.resolver.ts'
import { WatchResolver } from './watch.resolver.ts'

const NO_TOPICS: PubSub = {
  publish() {},
  subscribe(topic) {
    throw new Error(`no subscription has topics, so none is called ${topic}`)
  },
}

/** The schema, from the code. */
export function buildGraphqlSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      QueryResolver,
      ProfileResolver,
      SegmentResolver,
      ItemResolver,
      SegmentSizeResolver,
      ViewerBudgetResolver,
      CountResolver,
      AuditResolver,
      ConsentResolver,
      ChangeResolver,
      WatchResolver,
      SecurityResolver,
      DeliveryResolver,
      ClientResolver,
      RightsResolver,
      SubjectRequestResolver,
    ],
    directives: [
      ...specifiedDirectives,
      purposeDirective,
      personalDirective,
      scopeDirective,
      costDirective,
      listSizeDirective,
    ],
    // The library asks for one even where every subscription brings its own source, as ours do.
    pubSub: NO_TOPICS,
    // Inputs are checked by the doors, which know what they mean.
    validate: false,
  })
  // The library would answer with a promise, for which compiled queries do not wait.
  const node = schema.getType('Node') as GraphQLInterfaceType
  node.resolveType = ({ id }: { readonly id: string }) => typeOfId(id)
  return schema
}

/** The text of schema.graphql, with directives, in alphabetical order, so that a change shows as a change. */
export function printGraphqlSchema(schema: GraphQLSchema): string {
  return `${printSchemaWithDirectives(lexicographicSortSchema(schema))}\n`
}
