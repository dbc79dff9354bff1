import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { untilApplied } from './applied.js';
import { growCustomers } from './customers.js';
import { type BenchOptions, type Figure, median, percentile, ratioOf } from './figure.js';
import { GatewayClient } from './gateway-client.js';
import { cpuMs } from './process-usage.js';
import { Product } from './product.js';

const POLL_MS = 20;
const TARGET = { rowsPerSecond: 10_000, ofCopy: 0.15 };
/** As of this day about two in a hundred of a million are at risk: a customer comes every 150 s from 2021 on, and none has bought. */
const SCANNED_AS_OF = '2021-08-06';

interface Job {
  readonly id: string;
  readonly status: string;
  readonly processed: number;
  readonly failed: number;
}

interface Import {
  readonly work: string;
  /** Begins the external references of this import alone. */
  readonly prefix: string;
  readonly contacts: boolean;
}
const IMPORT_OF_CUSTOMERS: Import = { work: 'import of customers alone', prefix: 'R', contacts: false };
const IMPORT_WITH_CONTACTS: Import = { work: 'import of customers with a contact each', prefix: 'C', contacts: true };

/** Work in the background: imports beside COPY, and the churn scan. */
export async function measureJobs(options: BenchOptions): Promise<Figure[]> {
  const product = await Product.start({ split: false });
  const gateway = new GatewayClient(product);
  const database = await product.database('customer');
  try {
    return [
      await measureImport(IMPORT_OF_CUSTOMERS, options, product, gateway, database),
      await measureImport(IMPORT_WITH_CONTACTS, options, product, gateway, database),
      await measureScan(options, product, gateway, database),
    ];
  } finally {
    await database.end();
    await gateway.close();
    await product.remove();
  }
}

async function measureImport(
  { work, prefix, contacts }: Import,
  { quick, rounds, ...options }: BenchOptions,
  product: Product,
  gateway: GatewayClient,
  database: pg.Client,
): Promise<Figure> {
  const rows = quick ? 5000 : 100_000;
  options.say(`jobs: ${work}, ${rows.toLocaleString('en')}`);
  const [ours, floors, cpu]: [number[], number[], number[]] = [[], [], []];
  // The warm-up is not among the results.
  for (let round = 0; round <= Math.min(rounds, 3); round++) {
    const manager = await product.token('manager');
    const mark = `${prefix}${round}`;
    const cpuBefore = cpuMs(product.pids);
    const begun = performance.now();
    const { id } = await gateway.upload<Job>(
      '/customers/imports',
      manager,
      csvOf(mark, round === 0 ? 1000 : rows, contacts),
    );
    const job = await done(gateway, manager, id);
    const took = (performance.now() - begun) / 1000;
    if (job.status !== 'succeeded' || job.failed > 0) throw new Error(`The import failed: ${JSON.stringify(job)}`);
    await untilApplied(database);
    const cpuTaken = cpuMs(product.pids) - cpuBefore;
    const imported = `external_ref LIKE '${mark}-%'`;
    let floor = await copyOf(database, 'customer', imported);
    if (contacts)
      floor += await copyOf(database, 'contact', `customer_id IN (SELECT id FROM customer WHERE ${imported})`);
    if (round === 0) continue;
    ours.push(rows / took);
    cpu.push(cpuTaken / rows);
    floors.push(rows / floor);
  }
  const [value, floor] = [median(ours), median(floors)];
  const ratio = ratioOf(value, floor);
  return {
    part: 'jobs',
    work,
    conditions: { start: 'one process', rows, rounds: ours.length },
    unit: 'rows/s',
    value,
    floor: {
      what: `COPY of the same rows into ${contacts ? 'two empty tables' : 'an empty table'} with the same indexes`,
      value: floor,
    },
    ratio,
    cpuMs: median(cpu),
    target: contacts
      ? { text: `≥ ${TARGET.ofCopy} × floor`, met: ratio >= TARGET.ofCopy }
      : {
          text: `≥ ${TARGET.ofCopy} × floor ${ratio >= TARGET.ofCopy ? '✔' : '✘'}, ≥ ${TARGET.rowsPerSecond.toLocaleString('en')} rows/s`,
          met: value >= TARGET.rowsPerSecond,
        },
    note: 'From the first byte of the upload until the job has succeeded: each row checked, with what it is found by, its timeline and an event for each record. Its CPU includes that of its events, until each service has applied them',
  };
}

/** @returns seconds */
async function copyOf(database: pg.Client, table: string, which: string): Promise<number> {
  const { rows } = await database.query<{ data_directory: string }>('SHOW data_directory');
  const file = `${rows[0]!.data_directory}/bench-rows`;
  await database.query(`COPY (SELECT * FROM ${table} WHERE ${which}) TO '${file}'`);
  await database.query('DROP TABLE IF EXISTS bench_import');
  await database.query(`CREATE TABLE bench_import (LIKE ${table} INCLUDING ALL)`);
  const begun = performance.now();
  await database.query(`COPY bench_import FROM '${file}'`);
  const took = (performance.now() - begun) / 1000;
  await database.query('DROP TABLE bench_import');
  return took;
}

const CITIES = ['华东', '海天', '金龙', '大成', '永兴', '宏远', '恒通', '利丰', '泰安', '康顺', '盛源', '博雅'];
function csvOf(mark: string, rows: number, contacts: boolean): string {
  const head = contacts ? 'contactName,contactPhone,' : '';
  const lines = [`externalRef,name,owner,region,level,phone,address,${head}tags,remarks`];
  for (let n = 0; n < rows; n++)
    lines.push(
      `${mark}-${n},${CITIES[n % 12]}${CITIES[(n * 7) % 11]}${mark}${n}机械有限公司,${n % 3 ? 'alice' : 'bob'},guangdong,,+86 ${contacts ? 20 : 10} ${mark.slice(1)}${5_000_000 + n},人民路${n}号,${contacts ? `王芳${n},13${mark.slice(1)}${10_000_000 + n},` : ''},第${n}行`,
    );
  return lines.join('\n');
}

async function measureScan(
  { sizes, rounds, ...options }: BenchOptions,
  product: Product,
  gateway: GatewayClient,
  database: pg.Client,
): Promise<Figure> {
  const size = sizes.at(-1)!;
  options.say(`jobs: churn scan over ${size.toLocaleString('en')} customers`);
  await growCustomers(database, 0, size);
  // What the demo and the import have stored is nobody to lose.
  await database.query(`UPDATE customer SET created_at = now() WHERE created_at < '2020-01-01'`);
  await database.query(`UPDATE customer SET status = 'active' WHERE status <> 'active'`);
  await database.query('VACUUM (ANALYZE) customer');
  const manager = await product.token('manager');
  const [one] = (await gateway.call<{ items: Array<{ id: string }> }>('GET', '/customers?limit=1', manager)).items;
  const took: number[] = [];
  const waits: number[] = [];
  let alerts = 0;
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    await database.query('TRUNCATE churn_measure, churn_alert');
    await database.query(`UPDATE customer SET status = 'active' WHERE status <> 'active'`);
    const begun = performance.now();
    const { id } = await gateway.call<Job>('POST', '/churn-scans', manager, { asOf: SCANNED_AS_OF });
    const finished = done(gateway, manager, id);
    let over = false;
    void finished.finally(() => (over = true));
    while (!over) {
      const asked = performance.now();
      await gateway.call('PATCH', `/customers/${one!.id}`, manager, { remarks: `round ${round}, ${asked}` });
      waits.push(performance.now() - asked);
      await sleep(POLL_MS);
    }
    const job = await finished;
    took.push((performance.now() - begun) / 1000);
    if (job.status !== 'succeeded') throw new Error(`The scan failed: ${JSON.stringify(job)}`);
    const { rows } = await database.query<{ count: number }>('SELECT count(*)::int AS count FROM churn_alert');
    alerts = rows[0]!.count;
  }
  const value = median(took);
  return {
    part: 'jobs',
    work: 'churn scan',
    conditions: { start: 'one process', customers: size, alerts, rounds: took.length },
    unit: 's',
    value,
    latency: { p50: percentile(waits, 0.5), p95: percentile(waits, 0.95), p99: percentile(waits, 0.99) },
    ...(size >= 1_000_000 && { target: { text: '≤ 30 s', met: value <= 30 } }),
    note: 'From the request until the job has succeeded; the latencies are those of edits of a customer in the meantime',
  };
}

async function done(gateway: GatewayClient, token: string, id: string): Promise<Job> {
  for (;;) {
    const job = await gateway.call<Job>('GET', `/jobs/${id}`, token);
    if (job.status !== 'queued' && job.status !== 'running') return job;
    await sleep(POLL_MS);
  }
}
