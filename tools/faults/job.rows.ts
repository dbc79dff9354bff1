import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CustomerCreated, CustomerTransferred } from '#contracts';
import type { Cluster } from './cluster.js';
import { type FaultRow, mustHold, seconds } from './fault-row.js';
import type { People } from './people.js';
import type { SeededRandom } from './seeded-random.js';

/** What the API tells of a background job. */
interface Job {
  readonly id: string;
  readonly status: string;
  readonly processed: number;
  readonly failed: number;
}
interface Harm {
  readonly cluster: Cluster;
  readonly people: People;
  readonly random: SeededRandom;
  readonly short: boolean;
}

const NAME = 'Imported';

/** Work on many records, whose copies are killed while it goes on. */
export const jobRows: readonly FaultRow[] = [
  {
    number: 27,
    fault: 'an import: all copies of its service are killed in the middle of it, again and again',
    invariant: 'it goes on where it was: each row is there once, with one event',
    storiesPerSecond: 2,
    async harm(harm) {
      const { cluster, people, short } = harm;
      const rows = short ? 4000 : 20_000;
      const lines = Array.from(
        { length: rows },
        (_, n) => `IMP-${n},${NAME} ${n} 有限公司,alice,+86 10 5${n},王芳 ${n}`,
      );
      const csv = ['externalRef,name,owner,phone,contactName', ...lines].join('\n');
      const begun = await upload(cluster, people, '/customers/imports', csv);
      const { job, kills, took } = await killUntilDone(harm, begun);
      mustHold(
        job.status === 'succeeded' && job.processed === rows && job.failed === 0,
        `the import is whole: ${JSON.stringify(job)}`,
      );
      const [found] = await cluster.query<{ there: number; different: number; contacts: number; events: number }>(
        `SELECT count(*)::int AS there, count(DISTINCT external_ref)::int AS different,
                (SELECT count(*)::int FROM customer.contact WHERE name LIKE '王芳 %') AS contacts,
                (SELECT count(*)::int FROM customer.outbox WHERE type = $1 AND data->>'externalRef' LIKE 'IMP-%') AS events
           FROM customer.customer WHERE external_ref LIKE 'IMP-%'`,
        [CustomerCreated.type],
      );
      const { there, different, contacts, events } = found!;
      mustHold(
        [there, different, contacts, events].every((count) => count === rows),
        `each of ${rows} rows is there once, with its contact and one event: ${JSON.stringify(found)}`,
      );
      return { rows, kills, 'until it was done, s': seconds(took) };
    },
  },
  {
    number: 28,
    fault: 'a transfer of all customers of one manager: all copies of its service are killed in the middle of it',
    invariant: 'each customer changes hands once, with one event',
    storiesPerSecond: 2,
    async harm(harm) {
      const { cluster, people, short } = harm;
      const rows = short ? 3000 : 15_000;
      const csv = [
        'externalRef,name,owner',
        ...Array.from({ length: rows }, (_, n) => `OLD-${n},${NAME} ${n},bob`),
      ].join('\n');
      await done(people, await upload(cluster, people, '/customers/imports', csv));
      const body = { fromOwnerId: people.ids.get('bob'), toOwnerId: people.ids.get('alice') };
      const { body: begun } = await people.expect('POST', '/customers/transfers', 'manager', body);
      const { job, kills, took } = await killUntilDone(harm, begun.id as string);
      mustHold(job.status === 'succeeded' && job.failed === 0, `the transfer is whole: ${JSON.stringify(job)}`);
      const [found] = await cluster.query<{ moved: number; events: number; records: number }>(
        `SELECT (SELECT count(*)::int FROM customer.customer WHERE external_ref LIKE 'OLD-%' AND owner_id = $2) AS moved,
                count(*)::int AS events, count(DISTINCT aggregate_id)::int AS records
           FROM customer.outbox WHERE type = $1 AND data->>'externalRef' LIKE 'OLD-%'`,
        [CustomerTransferred.type, body.toOwnerId],
      );
      const { moved, events, records } = found!;
      mustHold(
        [moved, events, records].every((count) => count === rows),
        `each of ${rows} customers changed hands once: ${JSON.stringify(found)}`,
      );
      return { customers: rows, kills, 'until it was done, s': seconds(took) };
    },
  },
  {
    number: 29,
    fault: 'merges of customers: all copies of their service are killed in the middle of them, again and again',
    invariant: 'a merge is there whole or not at all, everywhere; nothing that hangs on a customer is lost',
    storiesPerSecond: 2,
    async harm({ cluster, people, random, short }) {
      const pairs = short ? 10 : 40;
      const make = async (name: string) => {
        const { body } = await people.expect('POST', '/customers', 'manager', {
          name,
          ownerId: people.ids.get('alice'),
        });
        const id = body.id as string;
        await people.expect('POST', `/customers/${id}/contacts`, 'manager', { name: `Of ${name}` });
        const ticket = { type: 'complaint', summary: `Ticket of ${name}`, customerId: id, request: '退货' };
        await people.expect('POST', '/tickets', 'manager', ticket);
        return id;
      };
      const made: Array<[from: string, into: string]> = [];
      for (let pair = 0; pair < pairs; pair++) made.push([await make(`Twin ${pair} A`), await make(`Twin ${pair} B`)]);
      let kills = 0;
      let merging = true;
      const killing = (async () => {
        while (merging) {
          for (const label of cluster.labels('customer')) if (cluster.signal(label, 'SIGKILL')) kills += 1;
          await Promise.all(cluster.labels('customer').map((label) => cluster.ready(label)));
          await sleep(random.between(1000, 4000));
        }
      })();
      try {
        for (const [from, into] of made) {
          await sleep(random.between(0, 150));
          const key = randomUUID();
          // As a careful client does, until the answer is one.
          await cluster.until(
            async () =>
              (await people.ask('POST', `/customers/${from}/merge`, 'manager', { intoId: into }, key)).status === 200,
            `${from} cannot be merged into ${into}`,
          );
        }
      } finally {
        merging = false;
        await killing;
      }
      await cluster.allReady();
      const wrong: string[] = [];
      for (const [from, into] of made) {
        const { body: survivor } = await people.expect('GET', `/customers/${from}`, 'manager');
        const { body: contacts } = await people.expect('GET', `/customers/${into}/contacts`, 'manager');
        if (survivor.id !== into || (contacts.items as unknown[]).length !== 2) wrong.push(from);
      }
      mustHold(wrong.length === 0, `each survivor answers for both and has the contacts of both (not ${wrong.length})`);
      await cluster.until(async () => {
        const [row] = await cluster.query<{ left: number }>(
          `SELECT count(*)::int AS left FROM service.ticket WHERE customer_id = ANY ($1)`,
          [made.map(([from]) => from)],
        );
        return row!.left === 0;
      }, 'tickets of merged customers have not moved');
      return { merges: pairs, kills };
    },
  },
];

/** @returns the id of the job */
async function upload(cluster: Cluster, people: People, path: string, csv: string): Promise<string> {
  const key = randomUUID();
  let answer: Response | undefined;
  await cluster.until(async () => {
    answer = await fetch(`${cluster.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: people.authorization('manager'), 'content-type': 'text/csv', 'idempotency-key': key },
      body: csv,
    });
    return answer.status === 202;
  }, `POST ${path} is not accepted`);
  return ((await answer!.json()) as Job).id;
}

async function done(people: People, id: string): Promise<Job> {
  for (;;) {
    const { body } = await people.expect('GET', `/jobs/${id}`, 'manager');
    const job = body as unknown as Job;
    if (job.status !== 'queued' && job.status !== 'running') return job;
    await sleep(50);
  }
}

/** Kills whenever the job has come a bit further; at last it is left to its end. */
async function killUntilDone(
  { cluster, people, random, short }: Harm,
  id: string,
): Promise<{ job: Job; kills: number; took: number }> {
  const begun = performance.now();
  const rounds = short ? 1 : 3;
  let kills = 0;
  let processed = 0;
  while (kills < rounds) {
    const { body } = await people.expect('GET', `/jobs/${id}`, 'manager');
    const job = body as unknown as Job;
    if (job.status !== 'queued' && job.status !== 'running') break;
    if (job.processed > processed) {
      processed = job.processed;
      await sleep(random.between(0, 300));
      for (const label of cluster.labels('customer')) cluster.signal(label, 'SIGKILL');
      kills += 1;
      await Promise.all(cluster.labels('customer').map((label) => cluster.ready(label)));
    } else await sleep(20);
  }
  mustHold(kills > 0, 'the job was in work when its service was killed');
  return { job: await done(people, id), kills, took: performance.now() - begun };
}
