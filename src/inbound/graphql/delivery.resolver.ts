import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql'
import type { Deliveries } from '../../gateway/govern/deliveries.ts'
import type { Endpoints, IssuedSecret } from '../../gateway/govern/endpoints.ts'
import { byClient } from '../../gateway/scope/actor.ts'
import { Delivery, Endpoint, EndpointInput, EndpointSecret } from './delivery.type.ts'
import { AsLongAs, AtMost, Needs } from './directives.ts'
import type { Doors } from './doors.ts'

const DEFAULT_DELIVERIES = 100

@Resolver()
export class DeliveryResolver {
  @Needs('clients:write')
  @AtMost(100)
  @Query(() => [Endpoint], { description: 'Where clients take messages.' })
  async endpoints(@Ctx() { govern, scope }: Doors): Promise<Endpoint[]> {
    return (await govern.delivery.endpoints.list(byClient(scope))).map(shown)
  }

  @Needs('clients:write')
  @AsLongAs('first', DEFAULT_DELIVERIES)
  @Query(() => [Delivery], { description: 'Messages to others, newest first, without content.' })
  async deliveries(
    @Ctx() { govern, scope }: Doors,
    @Arg('state', () => String, {
      nullable: true,
      description: 'Only these: waiting, delivered, dropped or dead.',
    })
    state: string | null,
    @Arg('first', () => Int, { nullable: true, description: 'At most so many, up to 1,000.' })
    first: number | null,
  ): Promise<Delivery[]> {
    const { deliveries } = govern.delivery
    return (await deliveries.list(state ?? null, first ?? DEFAULT_DELIVERIES, byClient(scope))).map(
      told,
    )
  }

  @Needs('clients:write')
  @Mutation(() => EndpointSecret, {
    description: 'Registers where a client takes messages, or another address for it.',
  })
  async registerEndpoint(
    @Ctx() { govern, scope }: Doors,
    @Arg('endpoint', () => EndpointInput, { description: 'The endpoint.' }) endpoint: EndpointInput,
  ): Promise<EndpointSecret> {
    const { client: clientId, url, kinds } = endpoint
    return issued(
      await govern.delivery.endpoints.register({ clientId, url, kinds }, byClient(scope)),
    )
  }

  @Needs('clients:write')
  @Mutation(() => EndpointSecret, {
    description: 'A new signing secret; for a day messages are signed by the old one too.',
  })
  async rotateEndpointSecret(
    @Ctx() { govern, scope }: Doors,
    @Arg('client', () => String, { description: 'The client.' }) client: string,
  ): Promise<EndpointSecret> {
    return issued(await govern.delivery.endpoints.rotate(client, byClient(scope)))
  }

  @Needs('clients:write')
  @Mutation(() => Boolean, { description: 'Sends a client no messages any more.' })
  async removeEndpoint(
    @Ctx() { govern, scope }: Doors,
    @Arg('client', () => String, { description: 'The client.' }) client: string,
  ): Promise<boolean> {
    await govern.delivery.endpoints.remove(client, byClient(scope))
    return true
  }

  @Needs('clients:write')
  @Mutation(() => Int, {
    description: 'Sends an undeliverable message again, under its id; to so many endpoints.',
  })
  async replayDelivery(
    @Ctx() { govern, scope }: Doors,
    @Arg('id', () => String, { description: 'Of the message.' }) id: string,
  ): Promise<number> {
    return await govern.delivery.deliveries.replay(id, byClient(scope))
  }
}

function shown({
  clientId: client,
  ...rest
}: Awaited<ReturnType<Endpoints['list']>>[number]): Endpoint {
  return { client, ...rest }
}

function issued({ endpoint, secret }: IssuedSecret): EndpointSecret {
  return { endpoint: shown(endpoint), secret }
}

function told({
  clientId,
  nextAt,
  ...rest
}: Awaited<ReturnType<Deliveries['list']>>[number]): Delivery {
  return { ...rest, client: clientId || null, nextAt: rest.state === 'waiting' ? nextAt : null }
}
