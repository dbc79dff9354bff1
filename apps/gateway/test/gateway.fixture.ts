import { type AccessSnapshot, SEEDED_ROLES, SERVICES, type ServiceName } from '#contracts';
import type { RunningApp } from '#platform';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Agent } from 'undici';
import { v7 } from 'uuid';
import { start } from '../src/app.js';
import { type Answer, json, type Received, UpstreamServer } from './upstream.server.js';

type Principal = AccessSnapshot['principals'][number];

/** The gateway with five real HTTP servers behind it; auth serves a snapshot that the tests can change. */
export class GatewayFixture {
  readonly upstreams = {} as Record<ServiceName, UpstreamServer>;
  readonly copies: UpstreamServer[] = [];
  readonly manager = principal('manager', { roles: ['sales_manager'] });
  readonly alice = principal('alice', { roles: ['account_manager'] });
  readonly newcomer = principal('newcomer', { roles: ['sales_manager'], mustChangePassword: true });
  readonly machine = principal('sales-system', { kind: 'service-account', grants: ['sales-feed.write'] });
  readonly key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly kid = 'token-key';
  private snapshot!: AccessSnapshot;
  private readonly client = new Agent();
  private app!: RunningApp;
  private stopped?: Promise<void>;
  private signing!: { kid: string; publicJwk: object };

  /** `together`: as if the services ran in the gateway's process. */
  static async start(
    environment: Record<string, string> = {},
    marketingCopies = 1,
    together = false,
  ): Promise<GatewayFixture> {
    const fixture = new GatewayFixture();
    for (const service of SERVICES) fixture.upstreams[service] = await UpstreamServer.start();
    for (let i = 1; i < marketingCopies; i++) fixture.copies.push(await UpstreamServer.start());
    fixture.snapshot = {
      revision: 1,
      keys: [{ ...fixture.key.publicKey.export({ format: 'jwk' }), kid: fixture.kid }],
      roles: SEEDED_ROLES.map(({ code, grants }) => ({ code, grants: [...grants] })),
      principals: [fixture.manager, fixture.alice, fixture.newcomer, fixture.machine],
      revokedSessions: [],
    };
    fixture.upstreams.auth.answers(fixture.authAnswers());
    await fixture.run(environment, together).catch(async (error: unknown) => {
      await fixture.stopUpstreams();
      throw error;
    });
    return fixture;
  }

  get url(): string {
    return this.app.url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** Public half of the key that signs assertions. */
  get assertionKey(): object {
    return this.signing.publicJwk;
  }

  get marketing(): UpstreamServer {
    return this.upstreams.marketing;
  }

  /** Changes what auth knows; the gateway learns it when it asks next. */
  revise(change: (snapshot: AccessSnapshot) => Partial<AccessSnapshot>): void {
    this.snapshot = { ...this.snapshot, ...change(this.snapshot), revision: this.snapshot.revision + 1 };
  }

  replace(id: string, change: Partial<Principal>): void {
    this.revise(({ principals }) => ({
      principals: principals.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)),
    }));
  }

  async token(who: Principal, change: Forgery = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: 'crm',
      aud: 'crm',
      sub: who.id,
      name: who.name,
      iat: now,
      exp: now + 900,
      jti: v7(),
      ...(who.kind === 'user' ? { sid: v7() } : {}),
      ...change.claims,
    };
    return new SignJWT(JSON.parse(JSON.stringify(claims)) as JWTPayload)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: this.kid, ...change.header })
      .sign(change.key ?? this.key.privateKey);
  }

  async call(path: string, { token, ...init }: RequestInit & { token?: string } = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (token) headers.set('authorization', `Bearer ${token}`);
    // Node's types of fetch do not know the dispatcher of the undici package.
    return fetch(`${this.url}${path}`, { ...init, headers, dispatcher: this.client as unknown } as RequestInit);
  }

  get received(): Received[] {
    return [...SERVICES.map((service) => this.upstreams[service]), ...this.copies].flatMap(({ received }) => received);
  }

  forgetReceived(): void {
    for (const upstream of [...Object.values(this.upstreams), ...this.copies]) upstream.received.length = 0;
  }

  stopApp(): Promise<void> {
    this.stopped ??= this.app.stop();
    return this.stopped;
  }

  async stop(): Promise<void> {
    await this.client.destroy();
    await this.stopApp();
    await this.stopUpstreams();
  }

  private async stopUpstreams(): Promise<void> {
    await Promise.all([...Object.values(this.upstreams), ...this.copies].map((upstream) => upstream.stop()));
  }

  private async run(environment: Record<string, string>, together: boolean): Promise<void> {
    const pair = await generateKeyPair('EdDSA', { extractable: true });
    const kid = 'gateway-key';
    this.signing = { kid, publicJwk: { ...(await exportJWK(pair.publicKey)), kid, alg: 'EdDSA' } };
    const servers = [...Object.values(this.upstreams), ...this.copies];
    const settings = {
      GATEWAY_HOST: '127.0.0.1',
      GATEWAY_PORT: '0',
      GATEWAY_SIGNING_KEY: JSON.stringify({ ...(await exportJWK(pair.privateKey)), kid }),
      ...Object.fromEntries(SERVICES.map((service) => [`${service.toUpperCase()}_URL`, this.upstreams[service].url])),
      MARKETING_URL: [this.marketing, ...this.copies].map(({ url }) => url).join(','),
      // Nobody listens there: the gateway has to do with asking auth.
      NATS_URL: 'nats://127.0.0.1:9',
      RATE_LIMIT_USER: '100000',
      LOG_LEVEL: 'silent',
      ...environment,
    };
    this.app = await start(settings, new Map(together ? servers.map(({ url, serve }) => [url, serve]) : []));
    await eventually(async () => (await this.call('/health/ready')).status === 200);
  }

  private authAnswers(): Answer {
    return (request, response) => {
      if (request.url !== '/api/v1/internal/access') json(response, 200, { url: request.url });
      else if (request.headers['if-none-match'] === `"${this.snapshot.revision}"`) response.writeHead(304).end();
      else json(response, 200, this.snapshot);
    };
  }
}

export interface Forgery {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: KeyObject;
}

function principal(name: string, change: Partial<Principal>): Principal {
  const nobody = {
    kind: 'user' as const,
    active: true,
    mustChangePassword: false,
    roles: [],
    grants: [],
    sessionsValidFrom: 0,
  };
  return { id: v7(), name, ...nobody, ...change };
}

/** Waits until `condition` holds; fails after `milliseconds`. Gives how long it took. */
export async function eventually(condition: () => Promise<boolean>, milliseconds = 5000): Promise<number> {
  const begun = Date.now();
  while (!(await condition())) {
    if (Date.now() - begun > milliseconds) throw new Error(`not so within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return Date.now() - begun;
}

export const otherKey = (): KeyObject =>
  createPrivateKey({
    key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
    format: 'jwk',
  });
