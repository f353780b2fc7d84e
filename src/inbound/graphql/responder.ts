import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getVariableValues,
} from 'graphql'
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit'
import { LRUCache } from 'lru-cache'
import type { Caller, Reception, Visit } from '../../gateway/disclose/reception.ts'
import { isNews, type Told, type WatchedChange } from '../../gateway/disclose/watch.ts'
import { Refusal } from '../../kernel/refusal.ts'
import { type Analysis, analyse } from './analysis.ts'
import { unitsOf } from './cost.ts'
import type { Doors, StandingDoors } from './doors.ts'
import { inOneForm, outcomeOf, refusedWhole, stoppingRefusal } from './errors.ts'
import { QuietPace } from './quiet-pace.ts'
import { until } from './until.ts'

/** A parsed and validated request. */
export interface GraphqlRequest {
  readonly document: DocumentNode
  /** SHA-256 of the document's text, hex. */
  readonly documentHash: string
  readonly operationName: string | null
  readonly variables: Readonly<Record<string, unknown>>
  readonly caller: Caller
  /** The document is a registered one: it will come again. */
  readonly registered?: boolean
  /** The event, for one answer of a subscription. */
  readonly rootValue?: unknown
}

interface Answer {
  readonly result: ExecutionResult
  /** About how many it speaks. */
  readonly people: number
  /** Of its pseudonyms. */
  readonly epoch: number
}

interface Prepared {
  readonly analysis: Analysis
  /** Null: not to be compiled; absent: not yet tried. On second sight: a document that is sent once is not worth it. */
  compiled?: CompiledQuery | null
  seen: boolean
}

const PREPARED_DOCUMENTS = 500

export interface ResponderParts {
  readonly schema: GraphQLSchema
  readonly reception: Reception
  readonly doors: StandingDoors
}

/** Answers GraphQL operations: analysed, admitted, executed, recorded, and only then returned. */
export class Responder {
  readonly schema: GraphQLSchema
  readonly #parts: ResponderParts
  readonly #prepared = new LRUCache<string, Prepared>({ max: PREPARED_DOCUMENTS })

  constructor(parts: ResponderParts) {
    this.schema = parts.schema
    this.#parts = parts
  }

  /** Never throws for what a caller did: refusals come back as errors of the result. */
  async respond(request: GraphqlRequest): Promise<ExecutionResult> {
    try {
      if (this.#isSubscription(request)) throw elsewhere('Subscriptions', '/graphql/stream')
      return (await this.#answer(request)).result
    } catch (error) {
      if (error instanceof Refusal) return { errors: [refusedWhole(error)] }
      throw error
    }
  }

  /**
   * Answers a subscription, event by event. Each answer is a request of its own: the caller is looked at again (a
   * revoked or expired token ends the stream), the disclosure is decided anew and recorded. Events about people of whom
   * the caller may not know stay silent, and cost nothing: what is left of a budget is told with every answer.
   * @param callerNow finds out who calls, as of now.
   */
  async *follow(
    request: GraphqlRequest,
    callerNow: () => Promise<Caller>,
  ): AsyncGenerator<ExecutionResult, void> {
    try {
      if (!this.#isSubscription(request)) throw elsewhere('Queries and mutations', '/graphql')
      const events = await this.#subscribe(request)
      if (!(Symbol.asyncIterator in events)) return yield events
      const cost = this.#costOf(request)
      const pace = new QuietPace()
      let before: Told | null = null
      for await (const event of until(events, request.caller.principal.expiresAt)) {
        const { allowance, ...caller } = await callerNow()
        const answer = await this.#answer({ ...request, caller, rootValue: event })
        const { result, people } = answer
        const { occasion } = event as WatchedChange
        // Nobody where somebody was: whoever shows them must hear of it. Of others not even that is told.
        const isOfNobody: boolean = people === 0 && (before === null || occasion === 'membership')
        const told: Told | null = result.errors || isOfNobody ? null : toldBy(answer)
        const isTold = result.errors !== undefined || (told && isNews(occasion, told, before))
        before = told ?? before
        if (isTold) {
          await allowance?.spendCost(cost)
          yield result
        } else await pace.passed()
      }
    } catch (error) {
      yield asResult(error)
    }
  }

  #isSubscription(request: GraphqlRequest): boolean {
    return this.#prepare(request).analysis.operation.operation === 'subscription'
  }

  /** Of one answer of a stream: its variables were found good when it was opened. */
  #costOf(request: GraphqlRequest): number {
    const { analysis } = this.#prepare(request)
    const definitions = analysis.operation.variableDefinitions ?? []
    const { coerced = {} } = getVariableValues(this.schema, definitions, request.variables)
    return unitsOf(analysis.cost(coerced))
  }

  async #subscribe(request: GraphqlRequest): Promise<AsyncIterable<unknown> | ExecutionResult> {
    const admitted = await this.#admit(this.#prepare(request).analysis, request)
    if ('errors' in admitted) return admitted
    const visit = admitted
    const source = await createSourceEventStream({
      schema: this.schema,
      document: request.document,
      contextValue: this.#doorsOf(visit),
      variableValues: { ...request.variables },
      operationName: request.operationName,
    })
    const { outcome, code } = outcomeOf(Symbol.asyncIterator in source ? { data: {} } : source)
    await this.#parts.reception.leave(visit, outcome, code)
    return source
  }

  async #answer(request: GraphqlRequest): Promise<Answer> {
    const { reception } = this.#parts
    const prepared = this.#prepare(request)
    const admitted = await this.#admit(prepared.analysis, request)
    if ('errors' in admitted) return { result: admitted, people: 0, epoch: 0 }
    const visit = admitted
    const result = await this.#execute(prepared, request, visit)
    const stopped = stoppingRefusal(result.errors)
    if (stopped) {
      await reception.leave(visit, 'error', stopped.code)
      throw stopped
    }
    const { outcome, code } = outcomeOf(result)
    await reception.leave(visit, outcome, code)
    const { people } = visit.scope
    const { epoch } = visit.disclose
    return { result: { ...result, extensions: privacyOf(visit) }, people, epoch }
  }

  #prepare(request: GraphqlRequest): Prepared {
    const key = `${request.documentHash} ${request.operationName ?? ''}`
    const known = this.#prepared.get(key)
    if (known) return known
    const { document, documentHash, operationName } = request
    const analysis = analyse(this.schema, document, operationName, `sha256:${documentHash}`)
    const prepared: Prepared = { analysis, seen: false }
    this.#prepared.set(key, prepared)
    return prepared
  }

  /** Variables are coerced before anything is decided by them, so that decision and execution see the same. */
  async #admit(
    analysis: Analysis,
    request: GraphqlRequest,
  ): Promise<Visit | { readonly errors: readonly GraphQLError[] }> {
    const { caller, documentHash, operationName } = request
    const definitions = analysis.operation.variableDefinitions ?? []
    const { coerced, errors } = getVariableValues(this.schema, definitions, request.variables)
    if (errors) return { errors }
    const cost = unitsOf(analysis.cost(coerced))
    const { selection, key } = analysis.selection(coerced)
    const planKey = `${documentHash} ${operationName ?? ''} ${key}`
    const { purpose } = analysis
    const given = analysis.given(coerced)
    return await this.#parts.reception.admit(caller, selection, planKey, purpose, given, cost)
  }

  #doorsOf({ scope, plan, disclose }: Visit): Doors {
    return { ...this.#parts.doors, scope, plan, disclose }
  }

  async #execute(
    prepared: Prepared,
    request: GraphqlRequest,
    visit: Visit,
  ): Promise<ExecutionResult> {
    const doors = this.#doorsOf(visit)
    const isWorthIt = prepared.seen || request.registered === true
    prepared.seen = true
    if (isWorthIt && prepared.compiled === undefined && request.rootValue === undefined)
      prepared.compiled = this.#compile(prepared, request)
    if (prepared.compiled)
      return inOneForm(await prepared.compiled.query(undefined, doors, { ...request.variables }))
    return inOneForm(
      await execute({
        schema: this.schema,
        document: request.document,
        rootValue: request.rootValue,
        contextValue: doors,
        variableValues: { ...request.variables },
        operationName: request.operationName,
      }),
    )
  }

  #compile({ analysis }: Prepared, request: GraphqlRequest): CompiledQuery | null {
    // A compiled mutation would change everything at once, and go on after what failed.
    if (analysis.operation.operation !== 'query') return null
    const compiled = compileQuery(this.schema, request.document, request.operationName ?? undefined)
    // What the compiler does not take, the reference executor answers.
    return isCompiledQuery(compiled) ? compiled : null
  }
}

/** All of an answer but its receipt, which is never the same. */
function toldBy({ result: { data, extensions }, epoch }: Answer): Told {
  const { receipt: _receipt, ...privacy } = { receipt: null, ...(extensions?.privacy as object) }
  return { text: JSON.stringify([data, privacy]), epoch }
}

function privacyOf({ scope }: Visit): Record<string, unknown> {
  return {
    privacy: {
      receipt: scope.requestId,
      purpose: scope.grant.purpose?.key ?? null,
      withheld: scope.withheld(),
      ...(scope.honoured.length > 0 && { honoured: scope.honoured }),
    },
  }
}

function elsewhere(what: string, address: string): Refusal {
  return new Refusal('BAD_USER_INPUT', `${what} are answered at ${address}.`)
}

/** The last answer of a stream that has to end. */
function asResult(error: unknown): ExecutionResult {
  if (error instanceof Refusal) return { errors: [refusedWhole(error)] }
  const originalError = error instanceof Error ? error : new Error('not an error')
  return { errors: [new GraphQLError('unforeseen', { originalError })] }
}
