import { setTimeout as sleep } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type FeedResult, inboxPrefix, type OrderItem, SALES_SUBJECTS } from '#contracts';
import { type BenchOptions, type Figure, median, percentile, ratioOf } from './figure.js';
import { GatewayClient } from './gateway-client.js';
import { Product } from './product.js';
import { insertBare, type OrderBatch, orderBatches, reportPath } from './sample-orders.js';

const TARGET = { perMinute: 10_000, behindMs: 2_000 };
/** Batches as the sales system sends them by the night, and 12,000 orders per minute as it sends them while people work. */
const BULK = 200;
const STEADY = { size: 20, everyMs: 100 };
const POLL_MS = 20;
const GIVE_UP_MS = 120_000;

type Send = (items: readonly OrderItem[]) => Promise<void>;
/** Milliseconds of `performance.now()`: of each batch, when it was acknowledged and when the report had it. */
interface Fed {
  readonly begun: number;
  readonly acknowledged: readonly number[];
  readonly reported: readonly number[];
}

/** Orders of the sales system over REST and over NATS, and how far the report is behind them. */
export async function measureFeed(options: BenchOptions): Promise<Figure[]> {
  const { quick, rounds } = options;
  const product = await Product.start({ split: false });
  const gateway = new GatewayClient(product);
  const nats = await connect({
    servers: product.natsUrl,
    user: 'sales-system',
    pass: product.secrets.natsPasswords['sales-system'],
    inboxPrefix: inboxPrefix('sales-system'),
  });
  const database = await product.database('customer');
  try {
    const salesSystem = await product.salesSystemToken();
    const overRest: Send = async (items) => {
      const { accepted } = await gateway.call<FeedResult>('PUT', '/sales-feed/orders', salesSystem, { items });
      if (accepted !== items.length) throw new Error(`${accepted} of ${items.length} orders were accepted`);
    };
    const overNats: Send = async (items) => {
      await jetstream(nats).publish(SALES_SUBJECTS.orders, JSON.stringify({ items }));
    };
    const figures: Figure[] = [];
    // Each run has a year of its own.
    let year = 2030;
    for (const [way, send] of [
      ['REST', overRest],
      ['NATS', overNats],
    ] as const) {
      options.say(`feed: orders over ${way}`);
      const batches = async (count: number, size: number) =>
        orderBatches(++year, count, size, await refs(), await keys());
      const refs = () => column(`SELECT external_ref AS value FROM customer WHERE external_ref IS NOT NULL ORDER BY 1`);
      const keys = () => column(`SELECT key AS value FROM product ORDER BY 1`);
      const column = async (sql: string) =>
        (await database.query<{ value: string }>(sql)).rows.map(({ value }) => value);

      const [perMinute, floors, behind]: [number[], number[], number[]] = [[], [], []];
      const count = quick ? 5 : 50;
      for (let round = 0; round < rounds; round++) {
        const bulk = await batches(count, BULK);
        const { begun, acknowledged, reported } = await feed(product, gateway, year, bulk, send, 0);
        // What NATS acknowledges is kept but not yet in; the report has only what is in.
        const end = way === 'REST' ? acknowledged.at(-1)! : reported.at(-1)!;
        perMinute.push((count * BULK) / ((end - begun) / 60_000));
        behind.push(reported.at(-1)! - acknowledged.at(-1)!);
        floors.push((count * BULK) / ((await insertBare(database, bulk)) / 60_000));
      }
      const value = median(perMinute);
      const floor = median(floors);
      figures.push({
        part: 'feed',
        work: `orders over ${way}, as fast as they go`,
        conditions: { orders: count * BULK, lines: 3, batch: BULK, start: 'one process' },
        unit: 'orders/min',
        value,
        floor: { what: 'the rows of the orders and their lines by pg alone, one transaction per batch', value: floor },
        ratio: ratioOf(value, floor),
        target: { text: `≥ ${TARGET.perMinute} orders/min`, met: value >= TARGET.perMinute },
        note:
          way === 'REST'
            ? `One client, one batch after the other; the report had the last order ${Math.round(median(behind))} ms after its answer`
            : 'From the first message to the report that has the last order',
      });

      const steady = await batches(quick ? 30 : 200, STEADY.size);
      const { acknowledged, reported } = await feed(product, gateway, year, steady, send, STEADY.everyMs);
      const lags = acknowledged.map((time, index) => Math.max(0, reported[index]! - time));
      const largest = Math.max(...lags);
      figures.push({
        part: 'feed',
        work: `report behind orders over ${way}`,
        conditions: {
          orders: `${(STEADY.size * 60_000) / STEADY.everyMs}/min`,
          batch: STEADY.size,
          start: 'one process',
        },
        unit: 'ms',
        value: largest,
        latency: { p50: percentile(lags, 0.5), p95: percentile(lags, 0.95), p99: percentile(lags, 0.99) },
        target: {
          text: `≤ ${TARGET.behindMs} ms at ≥ ${TARGET.perMinute} orders/min`,
          met: largest <= TARGET.behindMs,
        },
        note: `The longest time from the acknowledgement of a batch until the report has it, asked every ${POLL_MS} ms; after the last batch ${Math.round(lags.at(-1)!)} ms`,
      });
    }
    return figures;
  } finally {
    await database.end();
    await nats.close();
    await gateway.close();
    await product.remove();
  }
}

/** Sends batch after batch, or each at its time when `everyMs` is not 0, and watches the report meanwhile. */
async function feed(
  product: Product,
  gateway: GatewayClient,
  year: number,
  batches: readonly OrderBatch[],
  send: Send,
  everyMs: number,
): Promise<Fed> {
  const manager = await product.token('manager');
  const reported: number[] = [];
  let failed = false;
  const watch = async () => {
    const totals: number[] = [];
    for (const { total } of batches) totals.push((totals.at(-1) ?? 0) + total);
    const giveUpAt = performance.now() + GIVE_UP_MS;
    while (!failed && reported.length < batches.length) {
      if (performance.now() > giveUpAt)
        throw new Error(`The report has ${reported.length} of ${batches.length} batches`);
      const { items } = await gateway.call<{ items: Array<{ amount: string }> }>('GET', reportPath(year), manager);
      const cents = items.reduce((sum, { amount }) => sum + Number(amount.replace('.', '')), 0);
      while (reported.length < batches.length && totals[reported.length]! <= cents) reported.push(performance.now());
      await sleep(POLL_MS);
    }
  };
  const begun = performance.now();
  const acknowledged: number[] = [];
  const sendAll = async () => {
    try {
      for (const [index, { items }] of batches.entries()) {
        if (everyMs > 0) await sleep(Math.max(0, begun + index * everyMs - performance.now()));
        await send(items);
        acknowledged.push(performance.now());
      }
    } catch (error) {
      failed = true;
      throw error;
    }
  };
  await Promise.all([watch(), sendAll()]);
  return { begun, acknowledged, reported };
}
