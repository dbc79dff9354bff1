import {
  type Actor,
  CrmError,
  type DeadLetterResult,
  type DeadLetterView,
  deadLetterRoutes,
  type Envelope,
} from '#contracts';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type ListPlan, type Page, readList } from '../db/list.js';
import type { ListQuery } from '../db/list-query.js';
import type { RecordPolicy } from '../db/record-policy.js';
import type { RequestContext } from '../context/request-context.js';
import { readSql } from '../db/sql.js';
import { UnitOfWork } from '../db/unit-of-work.js';
import { lockPositions, savePositions } from './consumer-position.js';
import { shownError } from './dead-letter.store.js';
import { EventInbox } from './event-inbox.js';
import { RelaySignal } from './relay-signal.js';

type Result = z.infer<typeof DeadLetterResult>;
interface Row {
  id: string;
  consumer: string;
  aggregate_id: string;
  sequence: number | null;
  type: string;
  event: unknown;
  status: DeadLetterView['status'];
  attempts: number;
  error: string | null;
  at: string;
}

export const DEAD_LETTER_POLICY: RecordPolicy = {
  kind: 'dead-letter',
  table: 'dead_letter',
  readRight: 'event.operate',
};

const view = (row: Row): DeadLetterView => ({
  id: row.id,
  consumer: row.consumer,
  aggregateId: row.aggregate_id,
  sequence: row.sequence,
  type: row.type,
  status: row.status,
  attempts: row.attempts,
  error: row.error,
  event: row.event,
  at: row.at,
});
const SELECT = 't.id, t.consumer, t.aggregate_id, t.sequence, t.type, t.event, t.status, t.attempts, t.error, t.at';

/** What an operator does with events that could not be processed. */
@Injectable()
export class DeadLetters {
  constructor(
    private readonly dataSource: DataSource,
    private readonly uow: UnitOfWork,
    @Inject(EventInbox) private readonly inbox: EventInbox,
    private readonly signal: RelaySignal,
  ) {}

  list(query: ListQuery): Promise<Page<DeadLetterView>> {
    const plan: ListPlan<DeadLetterView> = {
      definition: deadLetterRoutes('auth').listDeadLetters.list,
      from: 'dead_letter t',
      select: SELECT,
      columns: { status: 't.status', consumer: 't.consumer', aggregateId: 't.aggregate_id', at: 't.at' },
      view,
    };
    return readList(this.dataSource, plan, query);
  }

  async get(id: string): Promise<DeadLetterView> {
    return view(await this.row(id));
  }

  /** Applies the record's waiting events in order, each in its own transaction, up to the first that fails again. */
  resend(context: RequestContext, id: string): Promise<Result> {
    return this.uow.runInParts(context, () => this.apply(id));
  }

  /** Gives one event up: the record goes on behind it. */
  discard(context: RequestContext, id: string, reason: string): Promise<Result> {
    return this.uow.runInParts(context, () => this.giveUp(id, reason, context.actor));
  }

  private async apply(id: string): Promise<Result> {
    const letter = await this.row(id);
    if (letter.status === 'discarded' || letter.sequence === null)
      throw new CrmError('illegal-transition', {
        move: 'resend',
        state: letter.status,
        allowed: letter.sequence === null ? ['discard'] : [],
      });
    return this.applyQueue(letter.consumer, letter.aggregate_id);
  }

  private async giveUp(id: string, reason: string, actor: Actor): Promise<Result> {
    const letter = await this.row(id);
    await this.dataSource.transaction(async (manager) => {
      const positions = await lockPositions(manager, letter.consumer, [letter.aggregate_id]);
      const position = positions.get(letter.aggregate_id)!;
      const [current] = (await manager.query('SELECT status FROM dead_letter WHERE id = $1 FOR UPDATE', [
        id,
      ])) as Array<{ status: string }>;
      const isNext = letter.sequence === null || letter.sequence === position.sequence + 1;
      if (current?.status !== 'dead' || !isNext)
        throw new CrmError('illegal-transition', {
          move: 'discard',
          state: current?.status ?? 'resent',
          allowed: ['resend'],
        });
      await manager.query(`UPDATE dead_letter SET status = 'discarded', reason = $2, decided_by = $3 WHERE id = $1`, [
        id,
        reason,
        actor.id,
      ]);
      if (letter.sequence !== null) {
        positions.set(letter.aggregate_id, { ...position, sequence: letter.sequence });
        await savePositions(manager, letter.consumer, positions);
      }
    });
    return letter.sequence === null
      ? { applied: 0, remaining: 0 }
      : this.applyQueue(letter.consumer, letter.aggregate_id);
  }

  private async applyQueue(consumer: string, aggregateId: string): Promise<Result> {
    let applied = 0;
    try {
      while (await this.applyHead(consumer, aggregateId)) applied += 1;
    } catch (error) {
      await this.dataSource.query(
        `UPDATE dead_letter SET status = CASE status WHEN 'queued' THEN 'dead' ELSE status END, attempts = attempts + 1, error = $3
          WHERE id = (SELECT id FROM dead_letter WHERE consumer = $1 AND aggregate_id = $2 AND status <> 'discarded' ORDER BY sequence LIMIT 1)`,
        [consumer, aggregateId, shownError(error)],
      );
    }
    if (applied > 0) this.signal.notify();
    const [waiting] = await this.dataSource.query<Array<{ count: number }>>(
      `SELECT count(*)::int AS count FROM dead_letter WHERE consumer = $1 AND aggregate_id = $2 AND status <> 'discarded'`,
      [consumer, aggregateId],
    );
    return { applied, remaining: waiting!.count };
  }

  /** Whether an event was applied; unblocks the record when its queue is empty. */
  private applyHead(consumer: string, aggregateId: string): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const positions = await lockPositions(manager, consumer, [aggregateId]);
      const position = positions.get(aggregateId)!;
      const [head] = (await manager.query(
        `SELECT id, sequence, event FROM dead_letter
          WHERE consumer = $1 AND aggregate_id = $2 AND status <> 'discarded' ORDER BY sequence LIMIT 1`,
        [consumer, aggregateId],
      )) as Array<{ id: string; sequence: number; event: Envelope }>;
      const isNext = head?.sequence === position.sequence + 1;
      if (isNext) await this.inbox.applyNext(manager, head.event);
      if (head && head.sequence <= position.sequence + 1)
        await manager.query('DELETE FROM dead_letter WHERE id = $1', [head.id]);
      const sequence = isNext ? head.sequence : position.sequence;
      const [next] = (await manager.query(
        `SELECT EXISTS (SELECT 1 FROM dead_letter WHERE consumer = $1 AND aggregate_id = $2 AND sequence = $3
                           AND status IN ('dead', 'queued')) AS waiting`,
        [consumer, aggregateId, sequence + 1],
      )) as Array<{ waiting: boolean }>;
      positions.set(aggregateId, { sequence, blocked: next!.waiting });
      await savePositions(manager, consumer, positions);
      return isNext;
    });
  }

  private async row(id: string): Promise<Row> {
    const [row] = await readSql<Row>(this.dataSource.manager, `SELECT ${SELECT} FROM dead_letter t WHERE t.id = $1`, [
      id,
    ]);
    if (!row) throw new CrmError('not-found');
    return row;
  }
}
