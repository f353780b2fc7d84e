import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql'
import type { ClientContext } from '../../gateway/govern/clients.ts'
import { byClient } from '../../gateway/scope/actor.ts'
import type { Scope } from '../../gateway/scope/scope.ts'
import { Client, ClientCredentials, ClientInput } from './client.type.ts'
import { AtMost, Needs } from './directives.ts'
import type { Doors } from './doors.ts'

@Resolver()
export class ClientResolver {
  @Needs('clients:write')
  @AtMost(100)
  @Query(() => [Client], { description: 'Callers of the gateway, revoked ones too.' })
  async clients(@Ctx() { govern, scope }: Doors): Promise<readonly Client[]> {
    return await govern.clients.list(limitedBy(scope))
  }

  @Needs('clients:write')
  @Mutation(() => ClientCredentials, {
    description: 'Registers a caller, never less limited than whoever registers it.',
  })
  async createClient(
    @Ctx() { govern, scope }: Doors,
    @Arg('client', () => ClientInput, { description: 'The caller.' }) client: ClientInput,
    @Arg('withSecret', () => Boolean, {
      nullable: true,
      description: 'Whether it also gets a secret, for the token endpoint.',
    })
    withSecret: boolean | null,
  ): Promise<ClientCredentials> {
    return await govern.clients.create(
      client,
      { withSecret: withSecret ?? false },
      limitedBy(scope),
    )
  }

  @Needs('clients:write')
  @Mutation(() => ClientCredentials, {
    description:
      'A new key, and a new secret where it had one; the old ones are refused from now on.',
  })
  async rotateClient(
    @Ctx() { govern, scope }: Doors,
    @Arg('id', () => String, { description: 'The caller.' }) id: string,
  ): Promise<ClientCredentials> {
    return await govern.clients.rotate(id, {}, limitedBy(scope))
  }

  @Needs('clients:write')
  @Mutation(() => Boolean, {
    description: 'Refuses a caller and every token made for it from now on; for good.',
  })
  async revokeClient(
    @Ctx() { govern, scope }: Doors,
    @Arg('id', () => String, { description: 'The caller.' }) id: string,
  ): Promise<boolean> {
    await govern.clients.revoke(id, limitedBy(scope))
    return true
  }
}

function limitedBy(scope: Scope): ClientContext {
  return { ...byClient(scope), limits: scope.principal }
}
