import { type Actor, CrmError, type Envelope, type NewEvent, type Right } from '#contracts';
import type { EntityManager, ObjectLiteral } from 'typeorm';
import { formatCode } from '../config/code-format.js';
import { dayIn } from '../context/business-time.js';
import type { RequestContext } from '../context/request-context.js';
import { copyFirstEvents, type PendingEvent } from '../events/outbox.js';
import { copyRecords, findAllLocked, findLocked, insertRecord, updateRecord } from './entity-sql.js';
import { type KeptRow, KeptRows } from './kept-rows.js';
import { type RecordPolicy, visibleTo } from './record-policy.js';
import { runSql, together } from './sql.js';

type EntityType<E> = new () => E;
interface Row {
  readonly id: string;
}

/** One transaction: the change, its events, and nothing remote. */
export class Tx {
  readonly pending: PendingEvent[] = [];
  /** Whether events are in the outbox already. */
  hasPublished = false;
  private readonly kept: KeptRows;

  constructor(
    readonly manager: EntityManager,
    private readonly policies: readonly RecordPolicy[],
    private readonly timeZone: string,
    /** Of the request, or of the event, that it is for. */
    readonly context: RequestContext,
  ) {
    this.kept = new KeptRows(manager);
  }

  /** Who asks; the one who caused the event, in an event handler. */
  get actor(): Actor {
    return this.context.actor;
  }

  /** The day that it is now in the business time zone (ALL-7). */
  get today(): string {
    return dayIn(this.timeZone);
  }

  /**
   * The record, locked until the transaction ends.
   * @throws CrmError not-found when it is not there or the person may not see it, stale-version when If-Match names another version
   */
  async load<E extends ObjectLiteral & Row>(entity: EntityType<E>, id: string): Promise<E> {
    const policy = this.policies.find((each) => each.entity === entity);
    // Sent together: whether it is seen is asked when the lock is held.
    const [record, visible] = await together([
      findLocked<E>(this.manager, entity, { id } as Partial<E>),
      policy ? this.isVisible(policy, id) : true,
    ]);
    if (!record || !visible) throw new CrmError('not-found');
    if (this.context.targetId === id && 'version' in record) this.requireVersion(record as { version?: unknown });
    return record;
  }

  /** Holds If-Match, also one without its quotes, against the record that the request is about. @throws CrmError stale-version */
  requireVersion(record: { readonly version?: unknown }): void {
    const { ifMatch } = this.context;
    if (ifMatch === undefined || ifMatch === '*') return;
    const current = String(record.version);
    const versions = ifMatch.split(',').map((tag) => tag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1'));
    if (!versions.includes(current)) throw new CrmError('stale-version', { current });
  }

  /** The first record that fits (null: none), locked; no policy is applied. */
  find<E extends ObjectLiteral>(
    entity: EntityType<E>,
    where: { readonly [K in keyof E]?: E[K] | null },
  ): Promise<E | null> {
    return findLocked(this.manager, entity, where);
  }

  /** Those of the ids that there are, locked in the order of their ids; no policy is applied. */
  findAll<E extends ObjectLiteral & Row>(entity: EntityType<E>, ids: readonly string[]): Promise<E[]> {
    return findAllLocked(this.manager, entity, ids);
  }

  /** `also`: columns of the table that are no part of the record. */
  insert<E extends ObjectLiteral>(record: E, also?: Readonly<Record<string, unknown>>): Promise<void> {
    return insertRecord(this.manager, record, also);
  }

  /** Many new records of one kind at once; wait for it, and for other copies, before anything else. `also`: as with `insert`, for each record. */
  insertAll<E extends ObjectLiteral>(
    records: readonly E[],
    also?: Readonly<Record<string, (record: E) => unknown>>,
  ): Promise<void> {
    return copyRecords(this.manager, records, also);
  }

  /** Writes the record back; a record with a `version` gets the next one. */
  async save<E extends ObjectLiteral & Row>(record: E): Promise<void> {
    if ('version' in record) Object.assign(record, { version: Number(record.version) + 1 });
    await updateRecord(this.manager, record);
  }

  async remove<E extends ObjectLiteral & Row>(record: E): Promise<void> {
    await this.manager.delete(record.constructor, { id: record.id });
  }

  /**
   * Writes a row of a local copy by its id, over the one that is there. Rows for the same columns that events worked on side by side
   * give go in one statement.
   */
  keep(table: string, row: KeptRow): Promise<void> {
    return this.kept.keep(table, row);
  }

  query<R = Record<string, unknown>>(sql: string, parameters: readonly unknown[] = []): Promise<R[]> {
    return runSql<R>(this.manager, sql, parameters);
  }

  /** Stored in the outbox when the transaction ends, in this order, numbered per record. */
  publish(...events: NewEvent[]): void {
    for (const event of events) this.pending.push(this.signed(event));
  }

  /**
   * The first event of each of many new records, none of which has one in `publish`: stored at once, in bulk. Wait for it, and
   * for other copies, before anything else.
   */
  async publishFirst(events: readonly NewEvent[]): Promise<void> {
    this.hasPublished ||= events.length > 0;
    await copyFirstEvents(
      this.manager,
      events.map((event) => this.signed(event)),
    );
  }

  private signed(event: NewEvent): PendingEvent {
    return { ...event, actorId: this.actor.id, traceparent: this.context.traceparent };
  }

  /** @throws CrmError not-owner when the right covers own records only and the person is not among the owners */
  requireScope(right: Right, owners: string | null | readonly (string | null)[]): void {
    if (this.actor.kind === 'gateway' || this.actor.rights[right] === 'all') return;
    const ids = Array.isArray(owners) ? owners : [owners];
    if (this.actor.rights[right] !== 'own' || !ids.includes(this.actor.id)) throw new CrmError('not-owner', { right });
  }

  /** The next code of a kind of record, such as `OPP-000001`, from a PostgreSQL sequence and in the format of the settings. */
  async nextCode(kind: string): Promise<string> {
    return (await this.nextCodes(kind, 1))[0]!;
  }

  /** The same, as many as that. */
  async nextCodes(kind: string, count: number): Promise<string[]> {
    const numbering = this.policies.find((policy) => policy.kind === kind)?.numbering;
    const format = numbering?.format;
    if (!format) throw new Error(`Records of the kind ${kind} have no codes`);
    const rows = await this.query<{ value: number }>(
      'SELECT nextval($1::regclass) AS value FROM generate_series(1, $2::int)',
      [numbering.sequence, count],
    );
    return rows.map(({ value }) => formatCode(format, value));
  }

  private async isVisible(policy: RecordPolicy, id: string): Promise<boolean> {
    const parameters: unknown[] = [id];
    const condition = visibleTo(policy, this.actor, parameters);
    if (condition === 'true') return true;
    const rows = await this.query(`SELECT 1 FROM ${policy.table} t WHERE t.id = $1 AND ${condition}`, parameters);
    return rows.length > 0;
  }
}

/** The transaction of an event handler. */
export type EventTx = Tx & { readonly event: Envelope };
