import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import {
  containsSamples,
  filteredSamples,
  growCustomers,
  idSamples,
  newCustomers,
  newestSamples,
} from './customers.js';
import { type BenchOptions, type Figure, median, ratioOf } from './figure.js';
import { HttpRounds, POOL, type Round, type Work } from './http-rounds.js';
import { Product } from './product.js';

interface Judged extends Work {
  readonly floor: string;
  /** The least `product / floor`. */
  readonly target: number;
  readonly note?: string;
}

const SERVER = `node:http and pg, ${POOL} connections`;
/** The size and the connections that the targets are for. */
const MAIN = { size: 100_000, connections: 16 };
const OTHER_ROUNDS = 3;
/** The p95 with so many times more customers may be so many times the one with the fewest. */
const MUCH_MORE = 100;
const GROWTH: Readonly<Record<string, number>> = { 'list, newest 50': 1.5, 'search, two characters': 2 };

/** Reads and writes of customers through the gateway, beside a bare server with the same statements. */
export async function measureHttp(options: BenchOptions): Promise<Figure[]> {
  const { sizes, connections } = options;
  const main = sizes.includes(MAIN.size) ? MAIN.size : sizes[0]!;
  const together = await measureProduct(
    options,
    sizes,
    (size) => (size === main ? connections : [MAIN.connections]),
    false,
  );
  const split = options.quick ? [] : await measureProduct(options, [main], () => [MAIN.connections], true);
  return [...together, ...split];
}

async function measureProduct(
  options: BenchOptions,
  sizes: number[],
  connectionsAt: (size: number) => number[],
  split: boolean,
): Promise<Figure[]> {
  const start = split ? 'split' : 'one process';
  options.say(`http: starting the product (${start})`);
  return withProduct(split, `crm-bench-${split ? 'split' : 'together'}`, async (product, database) => {
    const figures: Figure[] = [];
    let stored = 0;
    for (const size of sizes) {
      options.say(`http: ${size.toLocaleString('en')} customers …`);
      await growCustomers(database, stored, size);
      stored = size;
      const conditions = { customers: size, start };
      figures.push(...(await measureAll(options, product, database, connectionsAt(size), conditions)));
    }
    if (!split && stored / sizes[0]! >= MUCH_MORE)
      figures.push(...(await measureGrowth(options, product, database, sizes[0]!, stored)));
    return figures;
  });
}

async function withProduct<T>(
  split: boolean,
  folder: string,
  use: (product: Product, database: pg.Client) => Promise<T>,
): Promise<T> {
  // A folder that the product makes itself: into one of mkdtemp, PostgreSQL's own account cannot go.
  const product = await Product.start({ split, dataDir: join(tmpdir(), folder) });
  try {
    const database = await product.database('customer');
    try {
      return await use(product, database);
    } finally {
      await database.end();
    }
  } finally {
    await product.remove();
  }
}

async function measureAll(
  options: BenchOptions,
  product: Product,
  database: pg.Client,
  connections: number[],
  conditions: Figure['conditions'],
): Promise<Figure[]> {
  const works = await worksOn(database);
  const turns = await HttpRounds.start(product, database, works);
  try {
    const figures: Figure[] = [];
    for (const work of works)
      for (const count of connections) {
        const isMain = conditions.customers === MAIN.size && count === MAIN.connections;
        const number = isMain ? options.rounds : Math.min(OTHER_ROUNDS, options.rounds);
        const measured = await turns.measure(work, count, number, options.seconds);
        const figure = figureOf(work, { ...conditions, connections: count, rounds: number }, measured, isMain);
        const { value, floor, ratio } = figure;
        options.say(
          `http: ${work.name}, ${count} connections: ${value.toFixed(0)}/s, floor ${floor!.value.toFixed(0)}/s, ratio ${ratio}`,
        );
        figures.push(figure);
      }
    return figures;
  } finally {
    await turns.stop();
  }
}

async function worksOn(database: pg.Client): Promise<Judged[]> {
  const { samples, hits } = await containsSamples(database, 500);
  const floor = `${SERVER}, the same SELECT`;
  return [
    { name: 'customer by id', target: 0.45, floor, samples: await idSamples(database, 5000) },
    { name: 'list, newest 50', target: 0.6, floor, samples: newestSamples() },
    { name: 'list, two filters', target: 0.6, floor, samples: await filteredSamples(database) },
    {
      name: 'search, two characters',
      target: 0.7,
      floor,
      samples,
      note: `Two Chinese characters inside names that 30 to 300 customers have (median ${hits})`,
    },
    {
      name: 'create',
      target: 0.25,
      floor: `${SERVER}, one INSERT of the same columns into an empty table with the same indexes`,
      samples: [{ path: '/customers', parameters: [] }],
      bodies: await newCustomers(database),
      note: 'With an Idempotency-Key. Its CPU includes that of its event, until each service has applied it',
    },
  ];
}

function figureOf(
  { name, floor, target, note }: Judged,
  conditions: Figure['conditions'],
  measured: { product: Round[]; floor: Round[] },
  isMain: boolean,
): Figure {
  const middle = (rounds: Round[], value: (round: Round) => number) => median(rounds.map(value));
  const value = middle(measured.product, (round) => round.requestsPerSecond);
  const floorValue = middle(measured.floor, (round) => round.requestsPerSecond);
  const ratio = ratioOf(value, floorValue);
  return {
    part: 'http',
    work: name,
    conditions,
    unit: 'requests/s',
    value,
    floor: { what: floor, value: floorValue },
    ratio,
    cpuMs: middle(measured.product, ({ cpuMs }) => cpuMs),
    floorCpuMs: middle(measured.floor, ({ cpuMs }) => cpuMs),
    latency: {
      p50: middle(measured.product, ({ p50 }) => p50),
      p95: middle(measured.product, ({ p95 }) => p95),
      p99: middle(measured.product, ({ p99 }) => p99),
    },
    ...(isMain && { target: { text: `≥ ${target.toFixed(2)} × floor`, met: ratio >= target } }),
    ...(note && { note }),
  };
}

/** More customers must not make the answers slow. By turns with a second product that has few: minutes apart, a shared machine is another. */
async function measureGrowth(
  options: BenchOptions,
  product: Product,
  database: pg.Client,
  least: number,
  most: number,
): Promise<Figure[]> {
  options.say(`http: ${most.toLocaleString('en')} beside ${least.toLocaleString('en')} customers …`);
  return withProduct(false, 'crm-bench-few', async (smallProduct, smallDatabase) => {
    await growCustomers(smallDatabase, 0, least);
    const sides: Side[] = [];
    try {
      const few = await Side.start(smallProduct, smallDatabase);
      sides.push(few);
      const many = await Side.start(product, database);
      sides.push(many);
      const figures: Figure[] = [];
      for (const [work, limit] of Object.entries(GROWTH)) {
        for (let turn = 0; turn <= options.rounds; turn++)
          for (const side of sides) await side.measure(work, options.seconds);
        const conditions = {
          customers: most,
          start: 'one process',
          connections: MAIN.connections,
          rounds: options.rounds,
        };
        const [value, smallest] = [many.p95(work, 'product'), few.p95(work, 'product')];
        const ratio = ratioOf(value, smallest);
        const floors = many.p95(work, 'floor') / few.p95(work, 'floor');
        options.say(`http: ${work}, p95: ${ratio} × that with few customers, of its floor ${floors.toFixed(2)} ×`);
        figures.push({
          part: 'http',
          work: `${work}, p95`,
          conditions,
          unit: 'ms',
          value,
          floor: { what: `the product with ${least.toLocaleString('en')} customers`, value: smallest },
          ratio,
          target: { text: `≤ ${limit} × that with ${least.toLocaleString('en')} customers`, met: ratio <= limit },
          note: `The p95 of the bare server with the same SELECT grows to ${floors.toFixed(2)} times`,
        });
      }
      return figures;
    } finally {
      for (const side of sides) await side.stop();
    }
  });
}

/** One of two products that are measured by turns. */
class Side {
  private readonly rounds: Record<string, { product: Round[]; floor: Round[] }> = {};

  private constructor(
    private readonly works: readonly Work[],
    private readonly turns: HttpRounds<Work>,
  ) {}

  static async start(product: Product, database: pg.Client): Promise<Side> {
    const works = (await worksOn(database)).filter(({ name }) => GROWTH[name]);
    return new Side(works, await HttpRounds.start(product, database, works));
  }

  async measure(name: string, seconds: number): Promise<void> {
    const work = this.works.find((each) => each.name === name)!;
    const { product, floor } = await this.turns.measure(work, MAIN.connections, 1, seconds);
    const rounds = (this.rounds[name] ??= { product: [], floor: [] });
    rounds.product.push(...product);
    rounds.floor.push(...floor);
  }

  /** Without the first turn: one of the products has only just been started. */
  p95(name: string, of: 'product' | 'floor'): number {
    return median(this.rounds[name]![of].slice(1).map(({ p95 }) => p95));
  }

  stop(): Promise<void> {
    return this.turns.stop();
  }
}
