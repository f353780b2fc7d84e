import type { Client, ClientStore, StoredToken } from '../../src/domain/access/principal.ts'
import type { Instant } from '../../src/kernel/time.ts'

/** Clients and tokens in memory, and how often tokens were looked up. */
export class MemoryClientStore implements ClientStore {
  lookUps = 0
  readonly #clients = new Map<string, { client: Client; secretHash: string | null }>()
  #tokens: StoredToken[] = []
  readonly #revoked = new Set<string>()
  readonly #used = new Map<string, number>()

  async find(id: string) {
    const found = this.#clients.get(id)
    return found ? { ...found.client, secretHash: found.secretHash } : null
  }

  /** A registration as some test needs it. */
  async save(client: Client, secretHash: string | null): Promise<void> {
    this.#clients.set(client.id, { client, secretHash })
  }

  async add(client: Client, secretHash: string | null, key: StoredToken): Promise<boolean> {
    if (this.#clients.has(client.id)) return false
    this.#clients.set(client.id, { client, secretHash })
    this.#tokens.push(key)
    return true
  }

  async renew(key: StoredToken, secretHash: string | null): Promise<boolean> {
    const found = this.#clients.get(key.clientId)
    if (found?.client.disabledAt !== null) return false
    if (secretHash !== null) this.#clients.set(key.clientId, { ...found, secretHash })
    this.#revoke((token) => token.clientId === key.clientId, key.createdAt)
    this.#tokens.push(key)
    return true
  }

  async disable(id: string, at: Instant): Promise<boolean> {
    const found = this.#clients.get(id)
    if (found?.client.disabledAt !== null) return false
    this.#clients.set(id, { ...found, client: { ...found.client, disabledAt: at } })
    this.#revoke((token) => token.clientId === id, at)
    return true
  }

  async replaceSecretHash(id: string, from: string, to: string): Promise<void> {
    const found = this.#clients.get(id)
    if (found?.secretHash === from) this.#clients.set(id, { ...found, secretHash: to })
  }

  async list(): Promise<readonly Client[]> {
    return [...this.#clients.values()].map(({ client }) => client)
  }

  async findToken(hash: Uint8Array) {
    this.lookUps++
    const token = this.#tokens.find((one) => Buffer.compare(one.hash, hash) === 0)
    const client = token && this.#clients.get(token.clientId)?.client
    return client ? { token, client } : null
  }

  async revokeToken(id: string, at: Instant): Promise<boolean> {
    this.#revoked.add(id)
    return this.#revoke((token) => token.id === id, at) > 0
  }

  async isRevoked(tokenId: string): Promise<boolean> {
    return this.#revoked.has(tokenId)
  }

  async spendLookup(clientId: string, day: string, budget: number): Promise<boolean> {
    if ((await this.usesOf(clientId, 'look-up', day)) >= budget) return false
    await this.countUse(clientId, 'look-up', day)
    return true
  }

  async usesOf(clientId: string, what: string, day: string): Promise<number> {
    return this.#used.get(`${clientId} ${what} ${day}`) ?? 0
  }

  async countUse(clientId: string, what: string, day: string): Promise<number> {
    const key = `${clientId} ${what} ${day}`
    const used = (this.#used.get(key) ?? 0) + 1
    this.#used.set(key, used)
    return used
  }

  #revoke(which: (token: StoredToken) => boolean, at: Instant): number {
    let count = 0
    this.#tokens = this.#tokens.map((token) => {
      if (token.revokedAt !== null || !which(token)) return token
      count++
      return { ...token, revokedAt: at }
    })
    return count
  }
}
