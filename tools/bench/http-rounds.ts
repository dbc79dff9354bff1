import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { untilApplied } from './applied.js';
import type { Sample } from './customers.js';
import { Floor, statementOf } from './floor.js';
import { cpuMs } from './process-usage.js';
import type { Product } from './product.js';
import { type Requests, runWrk, type WrkResult } from './wrk.js';

/** What is measured: requests of one kind. */
export interface Work {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** Makes them POST requests. */
  readonly bodies?: readonly string[];
}

export interface Round extends WrkResult {
  /** Of the server's processes, for one request. */
  readonly cpuMs: number;
}

/** Connections to the database: the product's number, for each service. */
export const POOL = 10;
const PERSON = 'manager';
const FLOOR_TABLE = 'bench_customer';
const CHECKED_SAMPLES = 20;

/** The product and its floor on the same data, measured in turns. */
export class HttpRounds<W extends Work> {
  private floor!: Floor;
  private readonly headers: Record<string, string> = { 'Content-Type': 'application/json' };

  private constructor(
    private readonly product: Product,
    private readonly database: pg.Client,
  ) {}

  /** @throws Error when the floor does not answer the product's rows */
  static async start<W extends Work>(
    product: Product,
    database: pg.Client,
    works: readonly W[],
  ): Promise<HttpRounds<W>> {
    const rounds = new HttpRounds<W>(product, database);
    await rounds.signIn();
    const reads = works.filter(({ bodies }) => !bodies);
    rounds.floor = await rounds.startFloor(reads);
    try {
      for (const work of reads) await rounds.requireSameRows(work);
      return rounds;
    } catch (error) {
      await rounds.stop();
      throw error;
    }
  }

  /** The first round, short, is the warm-up and not among the results. */
  async measure(
    work: W,
    connections: number,
    rounds: number,
    seconds: number,
  ): Promise<{ product: Round[]; floor: Round[] }> {
    const { product, floor, headers } = this;
    const { bodies, samples, name } = work;
    const ours: Requests = { url: product.url, headers, paths: samples.map(({ path }) => `/api/v1${path}`), bodies };
    const floors: Requests = {
      url: floor.url,
      headers: {},
      paths: bodies ? ['/create'] : samples.map(({ parameters }) => Floor.path(slug(name), parameters)),
      bodies,
    };
    const results: { product: Round[]; floor: Round[] } = { product: [], floor: [] };
    for (let round = 0; round <= rounds; round++) {
      // A token is good for ten minutes.
      await this.signIn();
      const length = round === 0 ? 1 : seconds;
      const one = await this.round(ours, product.pids, connections, length);
      const other = await this.round(floors, [floor.pid], connections, length);
      if (round === 0) continue;
      results.product.push(one);
      results.floor.push(other);
    }
    return results;
  }

  stop(): Promise<void> {
    return this.floor.stop();
  }

  private async startFloor(reads: readonly W[]): Promise<Floor> {
    const { product, database } = this;
    const selects: Record<string, string> = {};
    for (const { name, samples } of reads)
      selects[slug(name)] = await statementOf(product, database, 'customer t', () => this.ask(samples[0]!));
    const { rows } = await database.query<object>('SELECT * FROM customer ORDER BY created_at DESC LIMIT 1');
    await database.query(`DROP TABLE IF EXISTS ${FLOOR_TABLE}`);
    await database.query(`CREATE TABLE ${FLOOR_TABLE} (LIKE customer INCLUDING ALL)`);
    return Floor.start({
      databaseUrl: product.databaseUrl,
      schema: 'customer',
      pool: POOL,
      selects,
      insert: { table: FLOOR_TABLE, row: { ...rows[0] } },
    });
  }

  /** The floor does the same work only if it finds the same rows. */
  private async requireSameRows({ name, samples }: W): Promise<void> {
    for (const sample of samples.slice(0, CHECKED_SAMPLES)) {
      const answer = (await this.ask(sample)) as { items?: object[] };
      const response = await fetch(`${this.floor.url}${Floor.path(slug(name), sample.parameters)}`);
      const rows = (await response.json()) as Record<string, unknown>[];
      const views = answer.items ?? [answer];
      // The product leaves out what it needs for the next page.
      const same = rows.slice(0, views.length).map(({ $sort: _sort, $id: _id, ...row }) => row);
      if (views.length === 0 || !isDeepStrictEqual(same, views))
        throw new Error(`The floor has other rows than GET ${sample.path}: ${JSON.stringify([same[0], views[0]])}`);
    }
  }

  private async round(requests: Requests, pids: number[], connections: number, seconds: number): Promise<Round> {
    const before = cpuMs(pids);
    const result = await runWrk(requests, connections, seconds).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\nNow it answers ${await sendOnce(requests)}`);
    });
    if (requests.bodies) await untilApplied(this.database);
    return { ...result, cpuMs: (cpuMs(pids) - before) / result.requests };
  }

  private async signIn(): Promise<void> {
    this.headers['Authorization'] = `Bearer ${await this.product.token(PERSON)}`;
  }

  private async ask({ path }: Sample): Promise<unknown> {
    const response = await fetch(`${this.product.url}/api/v1${path}`, { headers: this.headers });
    const answer = await response.json();
    if (!response.ok) throw new Error(`GET ${path}: ${JSON.stringify(answer)}`);
    return answer;
  }
}

const slug = (name: string): string => name.replaceAll(/\W+/g, '-');

/** What wrk's numbers do not tell. */
async function sendOnce({ url, paths, headers, bodies }: Requests): Promise<string> {
  const body = bodies?.[0]?.replaceAll('#', 'probe');
  const response = await fetch(`${url}${paths[0]}`, { method: body ? 'POST' : 'GET', headers, body });
  return `${response.status} ${(await response.text()).slice(0, 1000)}`;
}
