import { type Actor, type DataOf, type FeedKind, OpportunityWon } from '#contracts';
import pg from 'pg';
import { startTestService, type TestService } from '#testing';
import { v7 } from 'uuid';
import { start } from '../src/app.js';

/** The customer service, and the people who work with it. */
export interface World {
  readonly service: TestService;
  readonly manager: Actor;
  readonly alice: Actor;
  readonly bob: Actor;
  readonly salesSystem: Actor;
}

export async function startWorld(): Promise<World> {
  const service = await startTestService('customer', start);
  await service.knowRoles();
  return {
    service,
    manager: await service.person('sales_manager', 'manager'),
    alice: await service.person('account_manager', 'alice'),
    bob: await service.person('account_manager', 'bob'),
    salesSystem: {
      id: '01920000-0000-7000-8000-000000000001',
      name: 'sales-system',
      kind: 'service-account',
      rights: { 'sales-feed.write': 'all', 'product.read': 'all', 'stock.read': 'all', 'order.read': 'all' },
    },
  };
}

/** An answer of the API, as the tests read it. */
export type Json = Record<string, ReturnType<typeof JSON.parse>>;

/** What the feed answers for one item. */
export const CHANGED = { accepted: 1, unchanged: 0, rejected: [] };
export const UNCHANGED = { accepted: 0, unchanged: 1, rejected: [] };

/** Feeds as the sales system does. */
export async function feedAs({ service, salesSystem }: World, kind: FeedKind, items: unknown[]): Promise<Json> {
  return (await service.as(salesSystem).put(`/api/v1/sales-feed/${kind}`).send({ items }).expect(200)).body as Json;
}

/** Reads as an account manager. */
export async function readAs({ service, alice }: World, path: string): Promise<Json> {
  return (await service.as(alice).get(`/api/v1${path}`).expect(200)).body as Json;
}

/** Makes the keys of one test differ from those of all others. */
export function ownKeys(): (name: string) => string {
  const mark = v7().slice(-12);
  return (name) => `${name}-${mark}`;
}

/** An order of 126.23 USD as the sales system feeds it. */
export const orderOf = (k: (name: string) => string, over: object = {}) => ({
  key: k('O'),
  version: 1,
  customerRef: k('REF'),
  date: '2026-03-01',
  status: 'unpaid',
  currency: 'USD',
  lines: [{ productKey: k('P'), quantity: 10, unitPrice: '14.85', discount: 0.15 }],
  ...over,
});

/**
 * Starts acts one after the other, each before the one ahead has committed: transactions are held where they would write their
 * events, so without a lock between them none could see what another did.
 */
export const overlapping = (world: World, ...acts: Act[]): Promise<unknown[]> =>
  heldAtTheirEvents(world, async (running) => {
    for (const act of acts) {
      running.push(Promise.resolve(act()));
      await untilLocked(world.service, running.length);
    }
  });

/** Starts acts at once, and fails when one of them waits for another before all have come to their events. */
export const sideBySide = (world: World, ...acts: Act[]): Promise<unknown[]> =>
  heldAtTheirEvents(world, async (running) => {
    for (const act of acts) running.push(Promise.resolve(act()));
    const held = world.service.eventually(async () => {
      const waiting = await world.service.query(
        `SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
          WHERE d.datname = current_database() AND l.relation = 'customer.event_sequence'::regclass AND NOT l.granted`,
      );
      return waiting.length === acts.length;
    }, 'one act waits for another');
    const passed = Promise.all(running).then(() => {
      throw new Error('nothing held the acts');
    });
    await Promise.race([held, passed]);
  });

type Act = () => PromiseLike<unknown>;

async function heldAtTheirEvents(
  world: World,
  start: (running: Promise<unknown>[]) => Promise<void>,
): Promise<unknown[]> {
  const holder = await transaction(world);
  const running: Promise<unknown>[] = [];
  try {
    await holder.query('LOCK TABLE event_sequence IN SHARE MODE');
    await start(running);
    await holder.query('COMMIT');
    return await Promise.all(running);
  } finally {
    await holder.end();
    await Promise.allSettled(running);
  }
}

/** Open, beside the service. */
export async function transaction({ service }: World): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: service.database.url });
  await client.connect();
  await client.query('BEGIN; SET LOCAL search_path = customer');
  return client;
}

/** Until so many sessions wait for a lock. */
export const untilLocked = (service: World['service'], sessions: number): Promise<void> =>
  service.eventually(async () => {
    const waiting = await service.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return waiting.length >= sessions;
  }, `act ${sessions} did not come to its lock`);

type Won = DataOf<typeof OpportunityWon>;
const now = '2026-01-05T08:00:00.000Z';
/** A won opportunity, as marketing publishes it. */
export const wonBy = (assigneeId: string, customerName: string, over: Partial<Won> = {}) => {
  const opportunityId = v7();
  return OpportunityWon.of(opportunityId, {
    opportunityId,
    code: 'OPP-000001',
    status: 'won',
    stage: 'negotiation',
    source: null,
    customerName,
    summary: 'Machines',
    description: 'Two machines',
    customerNeed: null,
    competitors: null,
    region: 'germany',
    successRate: 100,
    expectedAmount: null,
    currency: null,
    expectedCloseDate: null,
    contactName: 'Maria Anders',
    contactPhone: '030-0074321',
    creatorId: assigneeId,
    createdAt: now,
    assigneeId,
    assignedAt: now,
    closedAt: now,
    closeReason: null,
    customerId: null,
    externalId: null,
    ...over,
  });
};
