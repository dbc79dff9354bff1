import { setTimeout as pause } from 'node:timers/promises';
import { CrmError } from '#contracts';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { ServiceConfig } from '../config/service-settings.js';
import type { RequestContext } from '../context/request-context.js';
import { RelaySignal } from '../events/relay-signal.js';
import { writeOutbox } from '../events/outbox.js';
import { RECORD_POLICIES, SERVICE_CONFIG } from '../start/tokens.js';
import { inTransaction, runSql, together } from './sql.js';
import { hasSqlState, isConflict } from './sql-state.js';
import type { RecordPolicy } from './record-policy.js';
import { Tx } from './tx.js';

const ATTEMPTS = 8;
/** Those who met once must not meet again in step. */
const LONGEST_PAUSE_MS = 25;

/** Not a failure: this request was answered before, and this is that answer. */
export class AnsweredBefore extends Error {
  constructor(
    readonly status: number,
    readonly answer: unknown,
  ) {
    super('answered before');
  }
}

/**
 * One transaction for the change, its events and the record of the Idempotency-Key.
 * Nothing remote may happen inside. What the work returns is the answer that a repeated request gets.
 */
@Injectable()
export class UnitOfWork {
  constructor(
    private readonly dataSource: DataSource,
    private readonly signal: RelaySignal,
    @Inject(RECORD_POLICIES) private readonly policies: readonly RecordPolicy[],
    @Inject(SERVICE_CONFIG) private readonly config: Pick<ServiceConfig, 'BUSINESS_TIMEZONE'>,
  ) {}

  async run<T>(context: RequestContext, work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(context, work);
      } catch (error) {
        if (attempt >= ATTEMPTS || !isConflict(error)) throw error;
        await pause(Math.random() * attempt * LONGEST_PAUSE_MS);
      }
    }
  }

  /**
   * For work of several transactions, each of which may be done again: its answer is kept when all of it is done, and a repeated request
   * gets that.
   */
  async runInParts<T>(context: RequestContext, work: () => Promise<T>): Promise<T> {
    const before = await answeredBefore(this.dataSource.manager, context);
    if (before) throw before;
    const answer = await work();
    return this.run(context, () => Promise.resolve(answer));
  }

  private async attempt<T>(context: RequestContext, work: (tx: Tx) => Promise<T>): Promise<T> {
    const use = context.idempotency;
    const claims = use !== undefined && !use.claimed;
    const { result, published } = await inTransaction(this.dataSource, async (manager) => {
      const tx = new Tx(manager, this.policies, this.config.BUSINESS_TIMEZONE, context);
      // The work does not wait for the claim, which saves a round trip: if the key was used before, nothing of the work is kept.
      const [, answer] = await together([claims ? claimKey(tx) : undefined, work(tx)]);
      const keepAnswer = () =>
        tx.query('UPDATE idempotency_key SET status = $3, answer = $4 WHERE principal = $1 AND key = $2', [
          context.actor.id,
          use!.key,
          answerStatus(context, answer),
          answer === undefined ? null : JSON.stringify(answer),
        ]);
      return {
        result: { result: answer, published: tx.hasPublished || tx.pending.length > 0 },
        last: [() => writeOutbox(manager, tx.pending), ...(claims ? [keepAnswer] : [])],
      };
    });
    if (claims) use.claimed = true;
    if (published) this.signal.notify();
    return result;
  }
}

const answerStatus = (context: RequestContext, answer: unknown): number =>
  context.route?.status ?? (answer === undefined ? 204 : 200);

/** The insert waits for a request with the same key that is still running, as long as lock_timeout allows. */
async function claimKey(tx: Tx): Promise<void> {
  const { context } = tx;
  const { key, fingerprint } = context.idempotency!;
  if (fingerprint === undefined) throw new Error('The file of this request is not stored yet');
  const principal = context.actor.id;
  let claimed: unknown[];
  try {
    claimed = await tx.query(
      `INSERT INTO idempotency_key (principal, key, fingerprint) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1`,
      [principal, key, fingerprint],
    );
  } catch (error) {
    if (hasSqlState(error, '55P03')) throw new CrmError('idempotency-in-progress');
    throw error;
  }
  if (claimed.length === 0)
    throw (await answeredBefore(tx.manager, context)) ?? new CrmError('idempotency-in-progress');
}

/**
 * The answer that a request with this key had; undefined where it has none, or none yet.
 * @throws CrmError idempotency-key-reused when that was another request
 */
export async function answeredBefore(
  manager: EntityManager,
  { idempotency, actor }: Pick<RequestContext, 'idempotency' | 'actor'>,
): Promise<AnsweredBefore | undefined> {
  if (idempotency?.fingerprint === undefined) return undefined;
  const [before] = await runSql<{ fingerprint: string; status: number; answer: unknown }>(
    manager,
    'SELECT fingerprint, status, answer FROM idempotency_key WHERE principal = $1 AND key = $2',
    [actor.id, idempotency.key],
  );
  if (!before) return undefined;
  if (before.fingerprint !== idempotency.fingerprint) throw new CrmError('idempotency-key-reused');
  return new AnsweredBefore(before.status, before.answer ?? undefined);
}
