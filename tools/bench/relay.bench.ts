import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type pg from 'pg';
import { v7 } from 'uuid';
import { type NewEvent, wakeSubject } from '#contracts';
import { ensureStream } from '#platform';
import { type BenchOptions, type Figure, median, ratioOf } from './figure.js';
import { cpuMs } from './process-usage.js';
import { customerEvents, messagesOf, TRACE } from './sample-events.js';
import { ServiceAlone } from './service-alone.js';
import { publishAll } from './stream-publisher.js';

const CHUNK = 1000;
const SCRATCH = 'BENCH';

/** How fast the outbox of one service is emptied into the broker, beside the same messages published by the client alone. */
export async function measureRelay(options: BenchOptions): Promise<Figure[]> {
  const { quick, rounds } = options;
  const [records, each] = [quick ? 500 : 5_000, 4];
  options.say('events: outbox relay');
  const alone = await ServiceAlone.start();
  try {
    const service = await alone.run('customer');
    const database = await alone.database('customer');
    const manager = await jetstreamManager(alone.nats);
    await ensureStream(manager, 'CRM');
    const { retention, storage, discard, duplicate_window } = (await manager.streams.info('CRM')).config;
    await manager.streams.add({ name: SCRATCH, subjects: ['bench.>'], retention, storage, discard, duplicate_window });

    const ours: number[] = [];
    const floors: number[] = [];
    const cpu = { ours: [] as number[], floor: [] as number[] };
    const count = records * each;
    for (let round = 0; round < rounds; round++) {
      const events = customerEvents(records, each);
      await fill(database, events);
      const cpuBefore = cpuMs([service.pid]);
      const begun = performance.now();
      alone.nats.publish(wakeSubject('customer'));
      while (await isWaiting(database)) await sleep(10);
      ours.push(count / ((performance.now() - begun) / 1000));
      cpu.ours.push((cpuMs([service.pid]) - cpuBefore) / count);

      const messages = messagesOf(events).map((message) => ({ ...message, subject: `bench.${message.subject}` }));
      const own = process.cpuUsage();
      const floorBegun = performance.now();
      await publishAll(alone.nats, messages);
      floors.push(count / ((performance.now() - floorBegun) / 1000));
      const { user, system } = process.cpuUsage(own);
      cpu.floor.push((user + system) / 1000 / count);
    }
    await database.end();
    const [value, floor] = [median(ours), median(floors)];
    const ratio = ratioOf(value, floor);
    return [
      {
        part: 'events',
        work: 'outbox relay, sustained',
        conditions: { events: count, records, rounds, service: 'customer, alone' },
        unit: 'events/s',
        value,
        floor: { what: 'publishing the same messages with the same client, acknowledged, 256 in flight', value: floor },
        ratio,
        cpuMs: median(cpu.ours),
        floorCpuMs: median(cpu.floor),
        target: { text: '≥ 0.5 × floor', met: ratio >= 0.5 },
        note: 'From a full outbox until nothing in it is unpublished; events of different records mixed, those of one record one after the other',
      },
    ];
  } finally {
    await alone.remove();
  }
}

/** As the service writes them, but all in one transaction, so that the relay finds all or none. */
async function fill(database: pg.Client, events: readonly NewEvent[]): Promise<void> {
  const actor = v7();
  await database.query('BEGIN');
  for (let start = 0; start < events.length; start += CHUNK) {
    const part = events.slice(start, start + CHUNK);
    await database.query(
      `WITH event AS (
         SELECT e.*, coalesce(s.sequence, 0) + row_number() OVER (PARTITION BY e.aggregate_id ORDER BY e.place) AS sequence
           FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::uuid[]) WITH ORDINALITY
                AS e(aggregate, aggregate_id, type, data, event_id, place)
           LEFT JOIN event_sequence s USING (aggregate, aggregate_id)),
       counted AS (
         INSERT INTO event_sequence (aggregate, aggregate_id, sequence)
           SELECT aggregate, aggregate_id, max(sequence) FROM event GROUP BY 1, 2
         ON CONFLICT (aggregate, aggregate_id) DO UPDATE SET sequence = excluded.sequence)
       INSERT INTO outbox (event_id, aggregate, aggregate_id, sequence, type, data, actor_id, traceparent)
         SELECT event_id, aggregate, aggregate_id, sequence, type, data, $6, $7 FROM event ORDER BY place`,
      [
        part.map(({ definition }) => definition.aggregate),
        part.map(({ aggregateId }) => aggregateId),
        part.map(({ definition }) => definition.type),
        part.map(({ data }) => JSON.stringify(data)),
        part.map(() => v7()),
        actor,
        TRACE,
      ],
    );
  }
  await database.query('COMMIT');
}

const isWaiting = async (database: pg.Client): Promise<boolean> =>
  (
    await database.query<{ waiting: boolean }>(
      'SELECT EXISTS (SELECT 1 FROM outbox WHERE published_at IS NULL) AS waiting',
    )
  ).rows[0]!.waiting;
