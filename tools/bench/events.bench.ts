import { measureConsumers } from './consumers.bench.js';
import type { BenchOptions, Figure } from './figure.js';
import { measureRelay } from './relay.bench.js';
import { measureWins } from './wins.bench.js';

/** What events cost: their way out, their way in, and from a win to its customer. */
export async function measureEvents(options: BenchOptions): Promise<Figure[]> {
  return [...(await measureRelay(options)), ...(await measureConsumers(options)), ...(await measureWins(options))];
}
