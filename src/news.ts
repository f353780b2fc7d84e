import { createHash } from 'node:crypto'
import type { UsedProofs } from './domain/access/dpop.ts'
import type { Bulletin } from './kernel/bulletin.ts'
import type { Randomness } from './kernel/ids.ts'
import type { FileKeyStore } from './outbound/keys/file-key-store.ts'
import type { PostgresChangeFeed } from './outbound/postgres/change-feed.ts'
import type { Database } from './outbound/postgres/database.ts'
import type { PostgresRecommendationStore } from './outbound/postgres/recommendation-store.ts'
import type { PostgresSegmentStore } from './outbound/postgres/segment-store.ts'
import { InProcessBulletin } from './outbound/redis/in-process-bulletin.ts'
import { InProcessUsedProofs } from './outbound/redis/in-process-used-proofs.ts'
import { RedisBulletin } from './outbound/redis/redis-bulletin.ts'
import { RedisLink } from './outbound/redis/redis-link.ts'
import { RedisUsedProofs } from './outbound/redis/redis-used-proofs.ts'

/** Who has news, and who looks again when there are some. */
export interface Newsworthy {
  readonly database: Database
  readonly feed: PostgresChangeFeed
  readonly keys: FileKeyStore
  readonly segments: PostgresSegmentStore
  readonly recommendations: PostgresRecommendationStore
}

/** The connection to Redis; null without one. Waits a moment for a server that does not answer, and goes on without it. */
export async function openRedis(
  url: string | null,
  keys: Pick<FileKeyStore, 'installationKey'>,
): Promise<RedisLink | null> {
  if (url === null) return null
  // The same for all gateways of an installation and for no other; it tells nothing of the key.
  const name = createHash('sha256').update(keys.installationKey('redis-name')).digest('hex')
  return await RedisLink.open(url, `bauta:${name.slice(0, 16)}`)
}

/** Where proofs that were used are remembered: by all gateways that share a Redis, otherwise by each for itself. */
export function usedProofs(redis: RedisLink | null): UsedProofs {
  return redis === null ? new InProcessUsedProofs() : new RedisUsedProofs(redis)
}

/** What happens in one gateway is looked at in all, at once where news get through and with the next look otherwise. */
export function spreadNews(
  redis: RedisLink | null,
  randomness: Randomness,
  { database, feed, keys, segments, recommendations }: Newsworthy,
): Bulletin {
  const bulletin = redis === null ? new InProcessBulletin() : new RedisBulletin(redis, randomness)
  database.whenChanged(() => bulletin.announce('changes'))
  bulletin.listen('changes', () => feed.wake())
  keys.whenDestroyed(() => bulletin.announce('keys'))
  // A key file that can not be read now says so when a key is asked for.
  bulletin.listen('keys', () => void keys.refresh().catch(() => {}))
  for (const store of [segments, recommendations]) {
    store.whenDefined(() => bulletin.announce('definitions'))
    bulletin.listen('definitions', () => store.forget())
  }
  return bulletin
}
