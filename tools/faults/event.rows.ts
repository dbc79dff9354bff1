import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICES } from '#contracts';
import type { Cluster } from './cluster.js';
import { type FaultRow, mustHold, seconds } from './fault-row.js';
import type { People } from './people.js';

/**
 * Who waited for a poisoned event would wait about as long as it does: the p99 of healthy ones stays below this part of that, in the
 * short form, where one pause of the machine is the p99, or in the long one; or below twice what it was before.
 */
const HEALTHY_PART = { short: 1 / 5, long: 1 / 9 };
const LISTENERS = SERVICES.filter((service) => service !== 'auth' && service !== 'customer');

interface Letter {
  readonly id: string;
  readonly aggregateId: string;
  readonly status: string;
  readonly error: string | null;
}

/** Faults of single events. */
export const eventRows: readonly FaultRow[] = [
  {
    number: 17,
    fault: '1 % poison: events whose data does not fit their schema, and a handler that throws for some records',
    invariant:
      'all others keep flowing; what is re-sent after the repair goes in, in order; only the right people may do that',
    inShort: true,
    async harm({ cluster, people, short, spoil }) {
      await cluster.query('CREATE TABLE recorder.spoilt (id text PRIMARY KEY, how text NOT NULL)');
      const begun = new Date();
      await sleep(short ? 6000 : 15_000);
      const unharmed = await healthyLag(cluster, begun);
      const poisoned = new Date();
      await poison(cluster);
      await sleep(short ? 8000 : 40_000);
      for (const how of ['schema', 'handler'])
        await cluster.until(
          async () => (await recorded(cluster, how)).length > 0,
          `nothing is spoilt by ${how}`,
          60_000,
        );
      await cluster.query(harmless('spoil'));
      await whoWritesHasEnded(cluster);
      const misfits = await recorded(cluster, 'schema');
      for (const id of misfits) spoil(id);
      const thrown = await recorded(cluster, 'handler');
      const isDead = async (service: string, id: string) =>
        (await cluster.query(`SELECT 1 FROM ${service}.dead_letter WHERE aggregate_id = $1 AND status = 'dead'`, [id]))
          .length > 0;
      for (const id of thrown) await cluster.until(() => isDead('service', id), `${id} is not parked`, 90_000);
      const poisonWaited = await sinceTheLastOf(cluster, thrown);
      for (const service of LISTENERS)
        for (const id of misfits)
          await cluster.until(() => isDead(service, id), `${id} is not parked in ${service}`, 90_000);

      const forbidden = await people.ask('GET', '/operations/service/dead-letters', 'alice');
      mustHold(forbidden.status === 403, `an account manager may not read dead letters (${forbidden.status})`);
      const expected = new Set([...misfits, ...thrown]);
      const heads = (await people.list<Letter>('/operations/service/dead-letters?status=dead', 'sysadmin')).map(
        ({ aggregateId }) => aggregateId,
      );
      mustHold(
        heads.length === expected.size && heads.every((id) => expected.has(id)),
        `the dead letters are those of the spoilt events (${heads.length} for ${expected.size})`,
      );
      const lag = await healthyLag(cluster, poisoned);

      await cluster.query(harmless('fail'));
      const applied = await operate(people, thrown, 'resend');
      const discarded = await operate(people, misfits.slice(0, Math.ceil(misfits.length / 2)), 'discard');
      mustHold(
        lag < Math.max(2 * unharmed, poisonWaited * HEALTHY_PART[short ? 'short' : 'long']),
        `healthy events do not wait for the poisoned ones (p99 ${Math.round(lag)} ms, ${Math.round(unharmed)} without poison; those waited ${Math.round(poisonWaited)} ms)`,
      );
      return {
        'events that do not fit': misfits.length,
        'records whose handler threw': thrown.length,
        'p99 of healthy events, ms': Math.round(lag),
        'the same before, ms': Math.round(unharmed),
        'poisoned → parked, s': seconds(poisonWaited),
        're-sent, events applied': applied,
        'discarded, events applied behind': discarded,
      };
    },
  },
];

/** Every tenth new customer: its event loses the name on its way to the outbox, or its insert fails in the service of tickets. */
async function poison(cluster: Cluster): Promise<void> {
  await cluster.query(`
    CREATE FUNCTION recorder.spoil() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        IF NEW.type LIKE 'crm.customer.customer.created.%' AND NEW.data ->> 'name' LIKE 'Kept%' AND hashtext(NEW.aggregate_id) % 10 = 0 THEN
          NEW.data := NEW.data - 'name';
          INSERT INTO recorder.spoilt VALUES (NEW.aggregate_id, 'schema');
        ELSIF NEW.type LIKE 'crm.customer.customer.created.%' AND NEW.data ->> 'name' LIKE 'Kept%' AND hashtext(NEW.aggregate_id) % 10 = 1 THEN
          INSERT INTO recorder.spoilt VALUES (NEW.aggregate_id, 'handler');
        END IF;
        RETURN NEW;
      END $$;
    CREATE FUNCTION recorder.fail() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN
        IF EXISTS (SELECT 1 FROM recorder.spoilt WHERE id = NEW.id::text AND how = 'handler') THEN RAISE EXCEPTION 'the handler is broken'; END IF;
        RETURN NEW;
      END $$`);
  // One statement each: two tables locked in one transaction would meet those who lock them the other way round.
  await cluster.query(
    `CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON service.customer FOR EACH ROW EXECUTE FUNCTION recorder.fail()`,
  );
  await cluster.query(
    `CREATE TRIGGER spoil BEFORE INSERT ON customer.outbox FOR EACH ROW EXECUTE FUNCTION recorder.spoil()`,
  );
}

/** Ends what a trigger's function does. To drop the trigger would lock the partitions before their table, and meet those who write. */
const harmless = (name: 'spoil' | 'fail'): string =>
  `CREATE OR REPLACE FUNCTION recorder.${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`;

/** Waits for the transactions that write at this moment. */
async function whoWritesHasEnded(cluster: Cluster): Promise<void> {
  const [now] = await cluster.query<{ next: string }>('SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next');
  await cluster.until(async () => {
    const [oldest] = await cluster.query<{ ended: boolean }>(
      'SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 AS ended',
      [now!.next],
    );
    return oldest!.ended;
  }, 'someone writes for ever');
}

/** Milliseconds since the last of these customers was made. */
async function sinceTheLastOf(cluster: Cluster, customers: readonly string[]): Promise<number> {
  const [row] = await cluster.query<{ ms: number }>(
    `SELECT (extract(epoch FROM now() - max(occurred_at)) * 1000)::float AS ms FROM customer.outbox WHERE aggregate_id = ANY ($1) AND sequence = 1`,
    [customers],
  );
  return row!.ms;
}

const recorded = async (cluster: Cluster, how: string): Promise<string[]> =>
  (await cluster.query<{ id: string }>('SELECT id FROM recorder.spoilt WHERE how = $1', [how])).map(({ id }) => id);

/** Milliseconds from the change to its effect in the service of tickets, of records since then that nobody spoilt. */
async function healthyLag(cluster: Cluster, since: Date): Promise<number> {
  const [row] = await cluster.query<{ lag: number | null }>(
    `SELECT (extract(epoch FROM percentile_cont(0.99) WITHIN GROUP (ORDER BY e.at - o.occurred_at)) * 1000)::float AS lag
       FROM (SELECT record, min(at) AS at FROM recorder.effect WHERE place = 'service.customer' GROUP BY record) e
       JOIN customer.outbox o ON o.aggregate_id = e.record AND o.type LIKE 'crm.customer.customer.created.%'
      WHERE o.occurred_at >= $1 AND e.record NOT IN (SELECT id FROM recorder.spoilt)`,
    [since],
  );
  const { lag } = row!;
  if (lag === null) throw new Error('no healthy event had its effect');
  return lag;
}

/** What an operator does through the gateway, in each service. @returns how many events went in */
async function operate(people: People, records: readonly string[], move: 'resend' | 'discard'): Promise<number> {
  let applied = 0;
  for (const service of LISTENERS)
    for (const record of records) {
      const path = `/operations/${service}/dead-letters`;
      const [letter] = (await people.list<Letter>(`${path}?aggregateId=${record}`, 'sysadmin')).filter(
        ({ status }) => status === 'dead',
      );
      if (!letter) continue;
      const shown = await people.expect('GET', `${path}/${letter.id}`, 'sysadmin');
      mustHold(
        typeof shown.body.error === 'string' && Boolean(shown.body.event),
        'a dead letter shows its error and its event',
      );
      const body = move === 'discard' ? { reason: 'It never fitted' } : undefined;
      const { body: result } = await people.expect('POST', `${path}/${letter.id}/${move}`, 'sysadmin', body);
      mustHold(result.remaining === 0, `nothing waits behind ${record} any more (${JSON.stringify(result)})`);
      applied += result.applied as number;
    }
  return applied;
}
