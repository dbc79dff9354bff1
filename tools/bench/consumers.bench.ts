import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { consumersOf, type Envelope, type ServiceName } from '#contracts';
import { ensureStream, streamManager } from '#platform';
import { CONSUMER_CASES, type ConsumerCase } from './consumer-cases.js';
import { type BenchOptions, type Figure, median, ratioOf } from './figure.js';
import { cpuMs } from './process-usage.js';
import { messagesOf } from './sample-events.js';
import { ServiceAlone } from './service-alone.js';
import { type Message, publishAll } from './stream-publisher.js';

const TARGET = 3_000;
const PER_TRANSACTION = 100;

/** How fast each service applies events, each once and in the order of its record, beside bare SQL that writes the same rows. */
export async function measureConsumers(options: BenchOptions): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of ['marketing', 'customer', 'service', 'reporting'] as const) {
    const alone = await ServiceAlone.start();
    try {
      const { pid } = await alone.run(name);
      await ensureStream(await streamManager(alone.nats), 'CRM');
      const database = await alone.database(name);
      try {
        for (const each of CONSUMER_CASES.filter(({ service }) => service === name)) {
          options.say(`events: ${name} applies ${each.work}`);
          figures.push(await measure(alone, pid, database, each, options));
        }
      } finally {
        await database.end();
      }
    } finally {
      await alone.remove();
    }
  }
  return figures;
}

async function measure(
  alone: ServiceAlone,
  pid: number,
  database: pg.Client,
  { service, work, heavy, prepare, events, floor }: ConsumerCase,
  { quick, rounds }: BenchOptions,
): Promise<Figure> {
  const records = quick ? 500 : 5_000;
  const newMessages = async () => messagesOf(events(records, (await prepare?.(database, records)) ?? []));
  const ours: Rate[] = [];
  const floors: Rate[] = [];
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    const messages = await newMessages();
    count = messages.length;
    ours.push(await applyAll(alone, pid, database, service, messages));
    floors.push(await writeAll(database, floor, await newMessages()));
  }
  const [value, floorValue] = [ours, floors].map((rates) => median(rates.map(({ perSecond }) => perSecond))) as [
    number,
    number,
  ];
  return {
    part: 'events',
    work: `${service} applies ${work}`,
    conditions: { events: count, rounds, service: `${service}, alone` },
    unit: 'events/s',
    value,
    floor: { what: `the same rows by pg alone, one transaction per ${PER_TRANSACTION}`, value: floorValue },
    ratio: ratioOf(value, floorValue),
    cpuMs: median(ours.map(({ cpu }) => cpu)),
    floorCpuMs: median(floors.map(({ cpu }) => cpu)),
    ...(heavy ? {} : { target: { text: `≥ ${TARGET} events/s`, met: value >= TARGET } }),
    ...(heavy ? { note: heavy } : {}),
  };
}

interface Rate {
  readonly perSecond: number;
  /** Milliseconds of processor time for each event. */
  readonly cpu: number;
}

async function applyAll(
  alone: ServiceAlone,
  pid: number,
  database: pg.Client,
  service: ServiceName,
  messages: readonly Message[],
): Promise<Rate> {
  const [, publisher, aggregate] = messages[0]!.subject.split('.');
  const consumer = consumersOf(service).find((each) => each.publisher === publisher && each.aggregate === aggregate)!;
  const last = await publishAll(alone.nats, messages);

  // What was applied while the benchmark itself was at work does not count.
  const before = Math.max(last - messages.length, await reached(database, consumer.name));
  const [begun, cpuBegun] = [performance.now(), cpuMs([pid])];
  let now = before;
  while (now < last) {
    await sleep(5);
    now = await reached(database, consumer.name);
  }
  const seconds = (performance.now() - begun) / 1000;
  const rate = { perSecond: (last - before) / seconds, cpu: (cpuMs([pid]) - cpuBegun) / (last - before) };

  const { rows } = await database.query<{ applied: string; dead: string }>(
    `SELECT (SELECT sum(sequence) FROM consumer_position WHERE consumer = $1 AND aggregate_id = ANY($2)) AS applied,
            (SELECT count(*) FROM dead_letter) AS dead`,
    [consumer.name, [...new Set(messages.map(({ payload }) => (JSON.parse(payload) as Envelope).subject))]],
  );
  const { applied, dead } = rows[0]!;
  if (Number(applied) !== messages.length || Number(dead) > 0)
    throw new Error(`${consumer.name}: ${applied} of ${messages.length} events are applied, ${dead} are dead letters`);
  return rate;
}

/** The place in the stream up to which the consumer has applied its events. */
const reached = async (database: pg.Client, consumer: string): Promise<number> =>
  Number(
    (
      await database.query<{ stream_seq: string }>('SELECT stream_seq FROM consumer_progress WHERE consumer = $1', [
        consumer,
      ])
    ).rows[0]?.stream_seq ?? 0,
  );

async function writeAll(
  database: pg.Client,
  floor: ConsumerCase['floor'],
  messages: readonly Message[],
): Promise<Rate> {
  const envelopes = messages.map(({ payload }) => JSON.parse(payload) as Envelope);
  const cpuBegun = process.cpuUsage();
  const begun = performance.now();
  for (let start = 0; start < envelopes.length; start += PER_TRANSACTION) {
    const part = envelopes.slice(start, start + PER_TRANSACTION);
    await database.query('BEGIN');
    for (const { data } of part)
      for (const [text, values] of floor(data as Record<string, unknown>))
        await database.query({ name: hash(text), text, values: [...values] });
    await database.query(
      `INSERT INTO consumer_position AS p (consumer, aggregate_id, sequence)
       SELECT 'floor', id, max(sequence) FROM unnest($1::text[], $2::bigint[]) AS e(id, sequence) GROUP BY id
       ON CONFLICT (consumer, aggregate_id) DO UPDATE SET sequence = excluded.sequence`,
      [part.map(({ subject }) => subject), part.map(({ sequence }) => sequence)],
    );
    await database.query('COMMIT');
  }
  const { user, system } = process.cpuUsage(cpuBegun);
  return {
    perSecond: messages.length / ((performance.now() - begun) / 1000),
    cpu: (user + system) / 1000 / messages.length,
  };
}

/** Named, so that PostgreSQL prepares each statement once. */
const hash = (text: string): string => createHash('sha1').update(text).digest('hex');
