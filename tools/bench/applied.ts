import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { consumersOf, SERVICES } from '#contracts';

const WITHIN_MS = 60_000;
const ASK_EVERY_MS = 50;

/**
 * Every service that listens to customers and their contacts has taken each that was made: nothing of them runs into what is measured
 * next. `database`: a connection to the schema of the customer service, which may read the others.
 */
export async function untilApplied(database: pg.Client): Promise<void> {
  const applied = SERVICES.flatMap((service) =>
    consumersOf(service)
      .filter(({ publisher, aggregate }) => publisher === 'customer' && ['customer', 'contact'].includes(aggregate))
      .map(
        ({ name, aggregate }) =>
          `(SELECT count(*) FROM ${service}.consumer_position WHERE consumer = '${name}')
            >= (SELECT count(*) FROM event_sequence WHERE aggregate = '${aggregate}')`,
      ),
  );
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    const { rows } = await database.query<{ done: boolean }>(`SELECT ${applied.join(' AND ')} AS done`);
    if (rows[0]!.done) return;
    if (Date.now() > deadline) throw new Error('The events of new customers are not applied everywhere after a minute');
    await sleep(ASK_EVERY_MS);
  }
}
