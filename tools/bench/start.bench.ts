import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, type Figure, median } from './figure.js';
import { memoryOf } from './process-usage.js';
import { Product } from './product.js';

const IDLE_MS = 20_000;
const TARGETS = {
  together: { seconds: 3, megabytes: 200 },
  split: { seconds: 8, megabytes: 900 },
};

/** How long the product takes to be ready on data that it has already, and what memory it holds when nobody uses it. */
export async function measureStart(options: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const split of [false, true]) {
    options.say(`start: ${split ? 'split' : 'one process'}`);
    figures.push(...(await measure(split, options.rounds)));
  }
  return figures;
}

async function measure(split: boolean, rounds: number): Promise<Figure[]> {
  // The first start makes the database, the users and the sample data; the others find them.
  let product = await Product.start({ split });
  try {
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await product.close();
      product = await Product.start({ split, dataDir: product.dataDir });
      seconds.push(product.readyAfterMs / 1000);
    }
    await sleep(IDLE_MS);
    const { pids } = product;
    const { rss, pss } = memoryOf(pids);
    const conditions = { start: split ? 'split' : 'one process', data: 'sample data, warm' };
    const target = TARGETS[split ? 'split' : 'together'];
    const start = median(seconds);
    return [
      {
        part: 'start',
        work: 'start to ready',
        conditions: { ...conditions, starts: rounds },
        unit: 's',
        value: start,
        target: { text: `≤ ${target.seconds} s`, met: start <= target.seconds },
        note: 'From the start of the launcher to the first "ready" of the gateway, PostgreSQL and NATS included',
      },
      {
        part: 'start',
        work: 'memory, idle',
        conditions: { ...conditions, processes: pids.length },
        unit: 'MB',
        value: rss,
        target: { text: `≤ ${target.megabytes} MB`, met: rss <= target.megabytes },
        note: `RSS of our processes, the launcher's included, ${IDLE_MS / 1000} s after the sample data were looked through; PSS ${pss.toFixed(0)} MB`,
      },
    ];
  } finally {
    await product.remove();
  }
}
