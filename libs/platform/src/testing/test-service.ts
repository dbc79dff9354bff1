import {
  type Actor,
  consumersOf,
  type Envelope,
  type NewEvent,
  RoleCreated,
  SEEDED_ROLES,
  type ServiceName,
  UserCreated,
} from '#contracts';
import type pg from 'pg';
import { v7 } from 'uuid';
import type { Environment } from '../config/load-config.js';
import type { RunningApp } from '../start/run-main.js';
import { EventProbe } from './event-probe.js';
import { TEST_PASSWORD, TestNats } from './nats-server.js';
import { TestDatabase } from './test-database.js';
import { personWith, TestGateway } from './test-gateway.js';

type Start = (environment: Environment) => Promise<RunningApp>;

/** One service with a database and a broker of its own; the test stands for all the others. */
export class TestService {
  private app?: RunningApp;

  private constructor(
    readonly service: ServiceName,
    private readonly start: Start,
    readonly database: TestDatabase,
    readonly nats: TestNats,
    readonly events: EventProbe,
    readonly gateway: TestGateway,
    private readonly extra: Environment,
  ) {}

  static async start(service: ServiceName, start: Start, extra: Environment = {}): Promise<TestService> {
    const [database, nats] = await Promise.all([TestDatabase.create(), TestNats.start()]);
    const test = new TestService(
      service,
      start,
      database,
      nats,
      await EventProbe.connect(nats.url),
      new TestGateway(),
      extra,
    );
    try {
      await test.run();
      return test;
    } catch (error) {
      await test.stop();
      throw error;
    }
  }

  get environment(): Environment {
    return {
      DATABASE_URL: this.database.url,
      NATS_URL: this.nats.url,
      NATS_USER: this.service,
      NATS_PASSWORD: TEST_PASSWORD,
      GATEWAY_PUBLIC_KEYS: this.gateway.publicKeys,
      DRAIN_MS: '0',
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'fatal',
      ...this.extra,
    };
  }

  get url(): string {
    return this.app!.url;
  }

  /** Starts the service (again) on the same data. */
  async run(): Promise<void> {
    this.app = await this.start(this.environment);
  }

  async halt(): Promise<void> {
    await this.app?.stop();
    this.app = undefined;
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.events.close();
    await Promise.all([this.nats.stop(), this.database.drop()]);
  }

  /** A client that asks as this person. */
  as(actor: Actor) {
    return this.gateway.agent(this.url, this.service, actor);
  }

  query<R extends pg.QueryResultRow = Record<string, unknown>>(sql: string, parameters: unknown[] = []): Promise<R[]> {
    return this.database.query<R>(this.service, sql, parameters);
  }

  /** Publishes as another service would, and waits until this one has applied it. */
  async deliver(...events: NewEvent[]): Promise<Envelope[]> {
    const envelopes = await this.events.publish(...events);
    await this.applied(...envelopes);
    return envelopes;
  }

  /** Waits until the service has these events behind it. */
  async applied(...envelopes: Envelope[]): Promise<void> {
    for (const envelope of envelopes) {
      const [, publisher, aggregate] = envelope.type.split('.');
      const consumer = consumersOf(this.service).find(
        (each) => each.publisher === publisher && each.aggregate === aggregate,
      );
      if (!consumer) throw new Error(`${this.service} does not listen to ${envelope.type}`);
      await this.eventually(async () => {
        const [row] = await this.query<{ done: boolean }>(
          'SELECT sequence >= $3 AS done FROM consumer_position WHERE consumer = $1 AND aggregate_id = $2',
          [consumer.name, envelope.subject, envelope.sequence],
        );
        return row?.done ?? false;
      }, `${envelope.type} of ${envelope.subject} was not applied`);
    }
  }

  /** Looks again until the condition holds. */
  async eventually(condition: () => Promise<boolean>, message: string, withinMs = 15_000): Promise<void> {
    const deadline = Date.now() + withinMs;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(message);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The seeded roles, as auth publishes them. */
  async knowRoles(): Promise<void> {
    await this.deliver(
      ...SEEDED_ROLES.map((role) => {
        const roleId = v7();
        return RoleCreated.of(roleId, { roleId, code: role.code, name: role.name, grants: [...role.grants] });
      }),
    );
  }

  /** A person with a seeded role whom the service knows by auth's event. */
  async person(role: string, username: string, status: 'active' | 'disabled' = 'active'): Promise<Actor> {
    const userId = v7();
    await this.deliver(UserCreated.of(userId, { userId, username, displayName: username, status, roles: [role] }));
    return personWith(role, userId, username);
  }
}

/** Starts one service for a test file; `stop()` it in `afterAll`. */
export const startTestService = (service: ServiceName, start: Start, extra?: Environment): Promise<TestService> =>
  TestService.start(service, start, extra);
