import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, type Figure, percentile } from './figure.js';
import { GatewayClient, inParallel } from './gateway-client.js';
import { Product } from './product.js';

const PER_SECOND = 100;
const POLL_MS = 3;
/** Beside 100 wins a second, asking every 3 ms would be a tenth of the work. */
const POLL_LOADED_MS = 20;
const GIVE_UP_MS = 60_000;
/** An opportunity that only needs its win. */
interface Ready {
  readonly id: string;
  readonly customerName: string;
}
interface Win {
  /** When the win was to be sent, when it was answered and when its customer was first seen; ms of `performance.now()`. */
  readonly due: number;
  answered: number;
  seen?: number;
}
interface CustomerPage {
  readonly items: ReadonlyArray<{ readonly name: string }>;
}

/** From the answer to a win until the customer that it makes is seen through the gateway. */
export async function measureWins(options: BenchOptions): Promise<Figure[]> {
  const { quick } = options;
  const figures: Figure[] = [];
  for (const split of [false, true]) {
    const product = await Product.start({ split });
    const gateway = new GatewayClient(product);
    try {
      const start = split ? 'split' : 'one process';
      options.say(`events: win → customer, ${start}`);
      figures.push(await idle(product, gateway, start, quick ? 20 : 100));
      figures.push(await openLoop(product, gateway, start, quick ? 3 : 15));
    } finally {
      await gateway.close();
      await product.remove();
    }
  }
  return figures;
}

async function idle(product: Product, gateway: GatewayClient, start: string, wins: number): Promise<Figure> {
  const ready = await prepare(product, gateway, wins, 'Idle');
  const alice = await product.token('alice');
  const latencies: number[] = [];
  for (const { id, customerName } of ready) {
    await gateway.call('POST', `/opportunities/${id}/win`, alice);
    const answered = performance.now();
    while ((await newest(gateway, alice, 1))[0] !== customerName) await sleep(POLL_MS);
    latencies.push(performance.now() - answered);
  }
  const p50 = percentile(latencies, 0.5);
  return {
    part: 'events',
    work: 'win → customer seen, one after the other',
    conditions: { start, wins, load: 'none' },
    unit: 'ms',
    value: p50,
    latency: { p50, p95: percentile(latencies, 0.95), p99: percentile(latencies, 0.99) },
    target: { text: 'median ≤ 40 ms', met: p50 <= 40 },
    note: `From the answer to the win to the first list through the gateway that shows the customer, asked every ${POLL_MS} ms`,
  };
}

async function openLoop(product: Product, gateway: GatewayClient, start: string, seconds: number): Promise<Figure> {
  const ready = await prepare(product, gateway, PER_SECOND * seconds, 'Steady');
  const alice = await product.token('alice');
  const wins = new Map<string, Win>();
  let unseen = 0;
  let state: 'sending' | 'sent' | 'failed' = 'sending';
  const begun = performance.now() + 100;
  const giveUpAt = begun + seconds * 1000 + GIVE_UP_MS;
  const watch = async () => {
    while (state === 'sending' || (state === 'sent' && unseen > 0)) {
      if (performance.now() > giveUpAt) throw new Error(`${unseen} customers were never seen`);
      // A few more than are missing: customers are listed in the order in which their transactions began.
      const names = await newest(gateway, alice, Math.min(200, unseen + 20));
      const now = performance.now();
      for (const name of names) {
        const win = wins.get(name);
        if (!win || win.seen !== undefined) continue;
        win.seen = now;
        unseen -= 1;
      }
      await sleep(POLL_LOADED_MS);
    }
  };
  const win = async ({ id, customerName }: Ready, index: number) => {
    const due = begun + (index * 1000) / PER_SECOND;
    await sleep(due - performance.now());
    const entry: Win = { due, answered: Number.NaN };
    wins.set(customerName, entry);
    unseen += 1;
    await gateway.call('POST', `/opportunities/${id}/win`, alice);
    entry.answered = performance.now();
  };
  const sent = Promise.all(ready.map(win)).then(
    () => (state = 'sent'),
    (error: unknown) => {
      state = 'failed';
      throw error;
    },
  );
  await Promise.all([watch(), sent]);
  const all = [...wins.values()];
  const latencies = all.map(({ answered, seen }) => Math.max(0, seen! - answered));
  const whole = all.map(({ due, seen }) => seen! - due);
  const p99 = percentile(latencies, 0.99);
  return {
    part: 'events',
    work: `win → customer seen, ${PER_SECOND} wins/s`,
    conditions: { start, wins: ready.length, load: `${PER_SECOND} wins/s, open loop` },
    unit: 'ms',
    value: p99,
    latency: { p50: percentile(latencies, 0.5), p95: percentile(latencies, 0.95), p99 },
    target: { text: 'p99 ≤ 250 ms', met: p99 <= 250 },
    note:
      `Wins are sent at fixed times whatever became of those before; the list is asked every ${POLL_LOADED_MS} ms. From the time at which the win was due: ` +
      `p50 ${percentile(whole, 0.5).toFixed(0)} ms, p99 ${percentile(whole, 0.99).toFixed(0)} ms`,
  };
}

/** Names of the newest customers, the newest first. */
const newest = async (gateway: GatewayClient, token: string, limit: number): Promise<string[]> =>
  (await gateway.call<CustomerPage>('GET', `/customers?limit=${limit}`, token)).items.map(({ name }) => name);

async function prepare(product: Product, gateway: GatewayClient, count: number, title: string): Promise<Ready[]> {
  const [manager, alice] = await Promise.all([product.token('manager'), product.token('alice')]);
  const { items } = await gateway.call<{ items: Array<{ id: string; username: string }> }>(
    'GET',
    '/users?limit=200',
    manager,
  );
  const assigneeId = items.find(({ username }) => username === 'alice')!.id;
  const ready: Ready[] = [];
  await inParallel(
    Array.from({ length: count }, (_, index) => `${title} ${index} Trading`),
    16,
    async (customerName) => {
      const { id } = await gateway.call<{ id: string }>('POST', '/opportunities', manager, {
        customerName,
        summary: 'A line of machines',
        description: 'They wait for a licence and then buy.',
        successRate: 90,
        contactName: 'Li Na',
      });
      await gateway.call('POST', `/opportunities/${id}/assign`, manager, { assigneeId });
      const plan = `/opportunities/${id}/plan-items`;
      const item = await gateway.call<{ id: string }>('POST', plan, alice, { date: '2026-01-02', todo: 'Visit' });
      await gateway.call('POST', `${plan}/${item.id}/result`, alice, { result: 'They agree' });
      ready.push({ id, customerName });
    },
  );
  return ready;
}
