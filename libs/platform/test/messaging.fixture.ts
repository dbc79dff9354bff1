import { type Envelope, OpportunityDeleted, type EventDefinition } from '#contracts';
import { DataSource } from 'typeorm';
import { v7 } from 'uuid';
import { dataSourceOptions } from '../src/db/data-source.js';
import { UnitOfWork } from '../src/db/unit-of-work.js';
import { migrate } from '../src/db/migrate.js';
import { MESSAGING_MIGRATIONS } from '../src/db/messaging.migration.js';
import { type EventHandler, EventInbox } from '../src/events/event-inbox.js';
import type { Incoming } from '../src/events/consumer-position.js';
import { RelaySignal } from '../src/events/relay-signal.js';
import { TestDatabase } from '#testing';

/** Any event will do for the machinery; this one has the fewest fields. */
const EVENT: EventDefinition = OpportunityDeleted;
export const CONSUMER = 'service-marketing-opportunity';

/** The messaging tables of one service and an effect table that shows what was applied, and in which order. */
export class Messaging {
  readonly uow: UnitOfWork;

  private constructor(
    readonly database: TestDatabase,
    readonly dataSource: DataSource,
    readonly signal: RelaySignal,
  ) {
    this.uow = new UnitOfWork(dataSource, signal, [], { BUSINESS_TIMEZONE: 'UTC' });
  }

  static async create(): Promise<Messaging> {
    const database = await TestDatabase.create();
    const dataSource = await new DataSource(
      dataSourceOptions('service', database.url, 8, [], MESSAGING_MIGRATIONS),
    ).initialize();
    await migrate(dataSource, 'service', database.url);
    await dataSource.query('CREATE TABLE effect (id bigserial, aggregate_id text, code text)');
    return new Messaging(database, dataSource, new RelaySignal());
  }

  inbox(handler: EventHandler): EventInbox {
    return new EventInbox(
      this.dataSource,
      [],
      'UTC',
      this.signal,
      new Map([[EVENT.type, handler]]),
      new Map([[EVENT.type, EVENT]]),
    );
  }

  /** What was applied to a record, in the order in which it was. */
  async effects(aggregateId: string): Promise<string[]> {
    const rows: Array<{ code: string }> = await this.dataSource.query(
      'SELECT code FROM effect WHERE aggregate_id = $1 ORDER BY id',
      [aggregateId],
    );
    return rows.map((row) => row.code);
  }

  async close(): Promise<void> {
    await this.dataSource.destroy();
    await this.database.drop();
  }
}

export const writesEffect: EventHandler = async (data, tx) => {
  const { code } = data as { code: string };
  await tx.query('INSERT INTO effect (aggregate_id, code) VALUES ($1, $2)', [tx.event.subject, code]);
};

export function envelopeOf(aggregateId: string, sequence: number, data?: unknown): Envelope {
  return {
    specversion: '1.0',
    id: v7(),
    source: '/crm/marketing',
    type: EVENT.type,
    subject: aggregateId,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    sequence,
    data: data ?? { opportunityId: aggregateId, code: `step-${sequence}` },
  };
}

let streamSeq = 0;
export const incoming = (envelope: Envelope): Incoming => ({
  streamSeq: ++streamSeq,
  subject: envelope.type,
  data: new TextEncoder().encode(JSON.stringify(envelope)),
});
