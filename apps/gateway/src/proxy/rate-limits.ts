import rateLimit from '@fastify/rate-limit';
import { CrmError, type ServiceRoute } from '#contracts';
import { clientNetwork } from '#platform/without-database';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isIPv4 } from 'node:net';
import type { GatewayConfig } from '../gateway.config.js';

const KEPT_KEYS = 20_000;
/** The neighbours of an address together may ask this many times as often as it alone: an office is no crowd. */
const NETWORK_FACTOR = 5;

type Count = (
  request: FastifyRequest,
  options?: { increment: boolean },
) => Promise<{ isAllowed: boolean; isExceeded?: boolean; ttlInSeconds?: number }>;

/** IPv4 addresses arrive mapped into IPv6 when the server listens on both. */
export const plainAddress = (address: string): string =>
  address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;

/** Who is counted where nobody signed in: an IPv4 address, or the /64 of IPv6 that one client has for itself. */
const addressKey = (ip: string): string => {
  const address = plainAddress(ip);
  return isIPv4(address) ? address : clientNetwork(address);
};

export const callerKey = ({ caller, ip }: FastifyRequest): string => caller?.principal.id ?? addressKey(ip);

/** How often one may ask: a person or service account by name, everybody else by address and by network. */
export class RateLimits {
  private readonly requests: readonly [Count, Count];
  private readonly guesses: readonly [Count, Count];
  private readonly failures: readonly [Count, Count];

  private constructor(fastify: FastifyInstance, { RATE_LIMIT_USER, RATE_LIMIT_LOGIN }: GatewayConfig) {
    const counts = (max: number, timeWindow: number, by: (request: FastifyRequest) => string) => {
      const count = (most: number, keyGenerator: typeof by): Count => {
        // The typings do not know that each limit has a cache of its own.
        const options = { max: most, timeWindow, keyGenerator, cache: KEPT_KEYS };
        return fastify.createRateLimit(options);
      };
      return [count(max, by), count(max * NETWORK_FACTOR, ({ ip }) => clientNetwork(plainAddress(ip)))] as const;
    };
    this.requests = counts(RATE_LIMIT_USER, 1000, callerKey);
    this.guesses = counts(RATE_LIMIT_LOGIN, 60_000, callerKey);
    this.failures = counts(RATE_LIMIT_USER, 1000, ({ ip }) => addressKey(ip));
  }

  static async of(fastify: FastifyInstance, config: GatewayConfig): Promise<RateLimits> {
    await fastify.register(rateLimit, { global: false });
    return new RateLimits(fastify, config);
  }

  /** Throws 429 when the caller, or the network of one who is not signed in, has asked too often. */
  async count(request: FastifyRequest, route?: ServiceRoute): Promise<void> {
    const [caller, network] = route?.guesses ? this.guesses : this.requests;
    await take(caller, request);
    if (!request.caller) await take(network, request);
  }

  /** Counts a token that was no good. Throws 429 when there were too many from there. */
  async countFailure(request: FastifyRequest): Promise<void> {
    for (const count of this.failures) await take(count, request);
  }

  /** Throws 429 when too many tokens from there were no good, so that no more of them are checked. */
  async checkFailures(request: FastifyRequest): Promise<void> {
    for (const count of this.failures) await take(count, request, { increment: false });
  }
}

async function take(count: Count, request: FastifyRequest, options?: { increment: boolean }): Promise<void> {
  const { isExceeded, ttlInSeconds } = await count(request, options);
  if (isExceeded) throw new CrmError('too-many-requests', { seconds: ttlInSeconds ?? 1 });
}
