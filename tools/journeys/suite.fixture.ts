import { generateKeyPairSync } from 'node:crypto';
import supertest from 'supertest';
import { SERVICES } from '#contracts';
import type { RunningApp, Serve } from '#platform';
import { EventProbe, TEST_PASSWORD, TestDatabase, TestNats } from '#testing';
import { start as auth } from '../../apps/auth/src/app.js';
import { start as customer } from '../../apps/customer/src/app.js';
import { start as gateway } from '../../apps/gateway/src/app.js';
import { start as marketing } from '../../apps/marketing/src/app.js';
import { start as reporting } from '../../apps/reporting/src/app.js';
import { start as service } from '../../apps/service/src/app.js';

const STARTS = { auth, marketing, customer, service, reporting };
export const DEMO_PASSWORD = 'Demo-Passw0rd!';

/** All six applications behind the gateway, with a database and a broker of their own, and the demo's users. */
export class Suite {
  private readonly tokens = new Map<string, string>();
  /** Requests that went to a service without a connection. */
  handedOver = 0;

  private constructor(
    readonly database: TestDatabase,
    readonly nats: TestNats,
    readonly events: EventProbe,
    private readonly apps: Map<string, RunningApp>,
    private readonly gatewaySettings: Record<string, string>,
  ) {}

  /**
   * `settings`: of the gateway. Between it and the services are connections, as where each is a process of its own; with `together`
   * there are none, as in one process.
   */
  static async start(settings: Record<string, string> = {}, { together = false } = {}): Promise<Suite> {
    const [database, nats] = await Promise.all([TestDatabase.create(), TestNats.start()]);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const shared = {
      NATS_URL: nats.url,
      NATS_PASSWORD: TEST_PASSWORD,
      DRAIN_MS: '0',
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'fatal',
    };
    const apps = new Map<string, RunningApp>();
    const signingKey = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'gateway', alg: 'EdDSA' });
    const suite = new Suite(database, nats, await EventProbe.connect(nats.url), apps, {
      ...shared,
      NATS_USER: 'gateway',
      GATEWAY_PORT: '0',
      GATEWAY_HOST: '127.0.0.1',
      GATEWAY_SIGNING_KEY: signingKey,
      ...settings,
    });
    await Promise.all(
      SERVICES.map(async (name) => {
        apps.set(
          name,
          await STARTS[name]({
            ...shared,
            DATABASE_URL: database.url,
            NATS_USER: name,
            GATEWAY_PUBLIC_KEYS: JSON.stringify({
              keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'gateway', alg: 'EdDSA' }],
            }),
            CRM_ADMIN_PASSWORD: 'Admin-Passw0rd!',
            CRM_DEMO: 'true',
            CRM_DEMO_PASSWORD: DEMO_PASSWORD,
            SIGNING_KEY_SECRET: 'a-secret-of-the-test-run-with-32-characters',
          }),
        );
      }),
    );
    apps.set('gateway', await suite.startGateway(together));
    return suite;
  }

  /** One more in front of the same services; whoever asks for it stops it. */
  async startGateway(together: boolean): Promise<RunningApp> {
    const services = SERVICES.map((name) => this.apps.get(name)!);
    const neighbours = new Map<string, Serve>();
    for (const { url, serve } of together ? services : [])
      neighbours.set(url, (...request) => {
        this.handedOver++;
        serve!(...request);
      });
    const upstreams = Object.fromEntries(services.map(({ name, url }) => [`${name.toUpperCase()}_URL`, url]));
    const app = await gateway({ ...this.gatewaySettings, ...upstreams }, neighbours);
    await this.eventually(async () => (await fetch(`${app.url}/health/ready`)).ok, 'the suite did not become ready');
    return app;
  }

  get url(): string {
    return this.apps.get('gateway')!.url;
  }

  /** A client of the public API, signed in. */
  async as(username: string, password = DEMO_PASSWORD) {
    let token = this.tokens.get(username);
    if (!token) {
      const answer = await supertest(this.url).post('/api/v1/auth/login').send({ username, password }).expect(200);
      token = (answer.body as { accessToken: string }).accessToken;
      this.tokens.set(username, token);
    }
    return supertest.agent(this.url).set('authorization', `Bearer ${token}`);
  }

  async asSalesSystem() {
    const answer = await supertest(this.url)
      .post('/api/v1/auth/token')
      .send({ grantType: 'client_credentials', clientId: 'sales-system', clientSecret: DEMO_PASSWORD })
      .expect(200);
    return supertest
      .agent(this.url)
      .set('authorization', `Bearer ${(answer.body as { accessToken: string }).accessToken}`);
  }

  async idOf(username: string): Promise<string> {
    const answer = await (await this.as('manager')).get('/api/v1/users?limit=200').expect(200);
    return (answer.body as { items: Array<{ id: string; username: string }> }).items.find(
      (user) => user.username === username,
    )!.id;
  }

  async eventually(condition: () => Promise<boolean>, message: string, withinMs = 20_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!(await condition().catch(() => false))) {
      if (Date.now() > deadline) throw new Error(message);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Stops one application; the others go on. */
  async halt(name: string): Promise<void> {
    await this.apps.get(name)?.stop();
    this.apps.delete(name);
  }

  async stop(): Promise<void> {
    await this.apps.get('gateway')?.stop();
    this.apps.delete('gateway');
    await Promise.all([...this.apps.values()].map((app) => app.stop()));
    await this.events.close();
    await Promise.all([this.nats.stop(), this.database.drop()]);
  }
}
