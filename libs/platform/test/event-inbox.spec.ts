import fc from 'fast-check';
import { v7 } from 'uuid';
import { systemContext } from '../src/context/request-context.js';
import type { EventTx } from '../src/db/tx.js';
import { DeadLetters } from '../src/events/dead-letters.js';
import { CONSUMER, envelopeOf, incoming, Messaging, writesEffect } from './messaging.fixture.js';

const operator = { ...systemContext(), actor: { id: v7(), name: 'operator', kind: 'user' as const, rights: {} } };

describe('EventInbox', () => {
  let messaging: Messaging;
  beforeAll(async () => {
    messaging = await Messaging.create();
  });
  afterAll(() => messaging.close());

  it('EVT-2, EVT-3: duplicates, reordering and crashes between steps leave each effect once and in order', async () => {
    /** Where a delivery breaks off: before the effect, after the effect, or after the commit (the acknowledgement is lost). */
    const fault = fc.constantFrom('none', 'none', 'before', 'after', 'ack-lost');
    const delivery = fc.record({ record: fc.nat(2), sequence: fc.integer({ min: 1, max: 5 }), fault });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(delivery, { minLength: 1, maxLength: 6 }), { maxLength: 12 }),
        async (batches) => {
          const ids = [v7(), v7(), v7()];
          const events = ids.map((id) => [1, 2, 3, 4, 5].map((sequence) => envelopeOf(id, sequence)));
          let broken: string | undefined;
          const inbox = messaging.inbox(async (data, tx) => {
            if (broken === 'before') throw new Error('crashed before the effect');
            await writesEffect(data, tx);
            if (broken === 'after') throw new Error('crashed after the effect');
          });
          for (const batch of batches) {
            broken = batch.find(({ fault: kind }) => kind !== 'none')?.fault;
            await inbox.receive(
              CONSUMER,
              batch.map(({ record, sequence }) => incoming(events[record]![sequence - 1]!)),
            );
          }
          broken = undefined;
          // The broker delivers again until everything is acknowledged.
          for (let round = 0; round < 5; round++)
            await inbox.receive(CONSUMER, events.flat().toReversed().map(incoming));
          for (const id of ids)
            expect(await messaging.effects(id)).toEqual(['step-1', 'step-2', 'step-3', 'step-4', 'step-5']);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('EVT-2: two copies that get the same messages at once apply each once', async () => {
    const ids = Array.from({ length: 10 }, () => v7());
    const messages = ids.flatMap((id) => [1, 2, 3].map((sequence) => incoming(envelopeOf(id, sequence))));
    const copies = [messaging.inbox(writesEffect), messaging.inbox(writesEffect)];
    await Promise.all(
      copies.flatMap((copy) => [copy.receive(CONSUMER, messages), copy.receive(CONSUMER, messages.toReversed())]),
    );
    for (const id of ids) expect(await messaging.effects(id)).toEqual(['step-1', 'step-2', 'step-3']);
  });

  it('EVT-3: an event whose predecessor is missing waits', async () => {
    const id = v7();
    const inbox = messaging.inbox(writesEffect);
    expect(await inbox.receive(CONSUMER, [incoming(envelopeOf(id, 2))])).toEqual([{ kind: 'gap' }]);
    expect(await inbox.receive(CONSUMER, [incoming(envelopeOf(id, 2)), incoming(envelopeOf(id, 1))])).toEqual([
      { kind: 'applied' },
      { kind: 'applied' },
    ]);
    expect(await messaging.effects(id)).toEqual(['step-1', 'step-2']);
  });

  it('EVT-4: a poison event parks its own record, the others go on; re-sent after the repair all goes in, in order', async () => {
    const [sick, healthy] = [v7(), v7()];
    let repaired = false;
    const inbox = messaging.inbox(async (data, tx) => {
      if (tx.event.subject === sick && tx.event.sequence === 1 && !repaired) throw new Error('cannot digest this');
      await writesEffect(data, tx);
    });
    const poison = incoming(envelopeOf(sick, 1));
    let attempts = 0;
    for (let outcome = 'retry'; outcome === 'retry'; attempts++) {
      const [first, second] = await inbox.receive(CONSUMER, [poison, incoming(envelopeOf(healthy, attempts + 1))]);
      outcome = first!.kind;
      expect(second!.kind).toBe('applied');
      if (first!.kind !== 'retry') continue;
      // Each pause is twice the one before, give or take a quarter, so that those who failed together do not come back together.
      const pause = 200 * 2 ** attempts;
      expect(first!.delayMs).toBeGreaterThanOrEqual(0.75 * pause);
      expect(first!.delayMs).toBeLessThanOrEqual(1.25 * pause);
    }
    expect(attempts).toBe(8);
    expect(await inbox.receive(CONSUMER, [incoming(envelopeOf(sick, 2)), incoming(envelopeOf(sick, 3))])).toEqual([
      { kind: 'parked' },
      { kind: 'parked' },
    ]);

    const letters = new DeadLetters(messaging.dataSource, messaging.uow, inbox, messaging.signal);
    const [dead] = await messaging.dataSource.query<Array<{ id: string }>>(
      `SELECT id FROM dead_letter WHERE aggregate_id = $1 AND status = 'dead'`,
      [sick],
    );
    expect(await letters.get(dead!.id)).toMatchObject({
      aggregateId: sick,
      attempts: 8,
      error: 'Error: cannot digest this',
    });
    expect(await letters.resend(operator, dead!.id)).toEqual({ applied: 0, remaining: 3 });
    repaired = true;
    expect(await letters.resend(operator, dead!.id)).toEqual({ applied: 3, remaining: 0 });
    expect(await messaging.effects(sick)).toEqual(['step-1', 'step-2', 'step-3']);
    expect(await inbox.receive(CONSUMER, [incoming(envelopeOf(sick, 4))])).toEqual([{ kind: 'applied' }]);
  });

  it('EVT-4: data that does not fit its schema is parked at once; discarded, the record goes on behind it', async () => {
    const id = v7();
    const inbox = messaging.inbox(writesEffect);
    expect(
      await inbox.receive(CONSUMER, [incoming(envelopeOf(id, 1, { nonsense: true })), incoming(envelopeOf(id, 2))]),
    ).toEqual([{ kind: 'parked' }, { kind: 'parked' }]);
    const letters = new DeadLetters(messaging.dataSource, messaging.uow, inbox, messaging.signal);
    const [dead] = await messaging.dataSource.query<Array<{ id: string }>>(
      `SELECT id FROM dead_letter WHERE aggregate_id = $1 AND status = 'dead'`,
      [id],
    );
    expect(await letters.discard(operator, dead!.id, 'test data')).toEqual({ applied: 1, remaining: 0 });
    expect(await messaging.effects(id)).toEqual(['step-2']);
    await expect(letters.discard(operator, dead!.id, 'again')).rejects.toMatchObject({ code: 'illegal-transition' });
  });

  it('EVT-4: bytes that are no event are kept for the operator and hold up nobody', async () => {
    const id = v7();
    const garbage = {
      streamSeq: 4_000_000,
      subject: 'crm.marketing.opportunity.deleted.v1',
      data: new Uint8Array([0xff, 0x00]),
    };
    const inbox = messaging.inbox(writesEffect);
    expect(await inbox.receive(CONSUMER, [garbage, incoming(envelopeOf(id, 1))])).toEqual([
      { kind: 'parked' },
      { kind: 'applied' },
    ]);
    expect(await inbox.receive(CONSUMER, [garbage])).toEqual([{ kind: 'parked' }]);
    const rows = await messaging.dataSource.query(`SELECT 1 FROM dead_letter WHERE aggregate_id = 'stream:4000000'`);
    expect(rows).toHaveLength(1);
  });

  it('EVT-2: an event that failed once and went in later leaves no dead letter', async () => {
    const id = v7();
    let failures = 1;
    const inbox = messaging.inbox(async (data, tx) => {
      if (failures-- > 0) throw new Error('not yet');
      await writesEffect(data, tx);
    });
    const message = incoming(envelopeOf(id, 1));
    expect((await inbox.receive(CONSUMER, [message]))[0]).toMatchObject({ kind: 'retry' });
    expect(await inbox.receive(CONSUMER, [message])).toEqual([{ kind: 'applied' }]);
    expect(await messaging.dataSource.query('SELECT 1 FROM dead_letter WHERE aggregate_id = $1', [id])).toHaveLength(0);
  });

  it('EVT-3: the rows of a copy that a batch brings are written together, each as its last event says', async () => {
    await messaging.dataSource.query(`
      CREATE TABLE copy (id uuid PRIMARY KEY, code text);
      CREATE TABLE copy_statement (id bigserial);
      CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO copy_statement DEFAULT VALUES; RETURN NULL; END $$;
      CREATE TRIGGER count AFTER INSERT ON copy FOR EACH STATEMENT EXECUTE FUNCTION count_statement()`);
    const handler = Object.assign(
      (data: unknown, tx: EventTx) => tx.keep('copy', { id: tx.event.subject, code: (data as { code: string }).code }),
      { independent: true },
    );
    const ids = Array.from({ length: 50 }, () => v7());
    const again = ids.slice(0, 5);
    const events = [...ids.map((id) => envelopeOf(id, 1)), ...again.map((id) => envelopeOf(id, 2))];
    const outcomes = await messaging.inbox(handler).receive(CONSUMER, events.map(incoming));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['applied']));
    expect(await messaging.dataSource.query('SELECT id, code FROM copy ORDER BY id')).toEqual(
      ids.toSorted().map((id) => ({ id, code: again.includes(id) ? 'step-2' : 'step-1' })),
    );
    expect(await messaging.dataSource.query('SELECT 1 FROM copy_statement')).toHaveLength(2);
  });
});
