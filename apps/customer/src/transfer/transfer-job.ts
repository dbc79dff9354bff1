import type { Transfers } from '#contracts';
import { type Chunk, type JobKind, type RowFailure, type RunningJob, type Tx, visibleTo } from '#platform';
import { Injectable } from '@nestjs/common';
import { Customer } from '../customer/customer.entity.js';
import { CustomerPolicy } from '../customer/customer.policy.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';

/** Customers of one transaction: few enough that nobody waits for them noticeably. */
const CHUNK = 500;
const FIRST = '00000000-0000-0000-0000-000000000000';

/** Of all customers of an owner, the last that was looked at; of a list, how many of it were. */
interface Position {
  readonly after: string;
  readonly taken: number;
}
type TransferJob = RunningJob<Transfers, Position>;

/** CUS-7: many customers go to another owner, one event for each. */
@Injectable()
export class TransferCustomers implements JobKind<Transfers, Position> {
  readonly kind = 'customer-transfer';
  readonly right = 'customer.transfer';

  async run(job: TransferJob): Promise<void> {
    for (let position: Position = job.position ?? { after: FIRST, taken: 0 }; ;) {
      const now = position;
      const done = await job.chunk((tx) => transferNext(tx, job.parameters, now));
      if (done.processed === 0) return;
      position = done.position;
    }
  }
}

async function transferNext(tx: Tx, transfers: Transfers, { after, taken }: Position): Promise<Chunk<Position>> {
  const { customerIds, fromOwnerId, toOwnerId } = transfers;
  const ids = customerIds
    ? [...new Set(customerIds)].slice(taken, taken + CHUNK)
    : await customersOf(tx, fromOwnerId!, after);
  const customers = await tx.findAll(Customer, await visibleOf(tx, ids));
  // Of an owner's customers, one that somebody else was given while this waited for it stays theirs.
  const living = customers.filter(
    ({ deletedAt, ownerId }) => deletedAt === null && (customerIds !== undefined || ownerId === fromOwnerId),
  );
  const moved = living.flatMap((customer) => {
    const from = customer.ownerId;
    const event = customer.transfer(toOwnerId);
    return event ? [{ id: customer.id, from, event }] : [];
  });
  tx.publish(...moved.map(({ event }) => event));
  await tx.query('UPDATE customer SET owner_id = $2, version = version + 1 WHERE id = ANY ($1)', [
    moved.map(({ id }) => id),
    toOwnerId,
  ]);
  await recordCustomerActs(
    tx,
    moved.map(({ id, from }) => ({ recordId: id, act: 'transferred', details: { from, to: toOwnerId } })),
  );
  const found = new Set(living.map(({ id }) => id));
  return {
    position: { after: ids.at(-1) ?? after, taken: taken + ids.length },
    processed: ids.length,
    // Of an owner's customers, one that was deleted in the meantime is no failure.
    failures: customerIds ? ids.flatMap((id, index) => (found.has(id) ? [] : [missing(id, taken + index + 1)])) : [],
  };
}

async function visibleOf(tx: Tx, ids: readonly string[]): Promise<string[]> {
  const parameters: unknown[] = [ids];
  const condition = visibleTo(CustomerPolicy, tx.actor, parameters);
  const rows = await tx.query<{ id: string }>(
    `SELECT t.id FROM customer t WHERE t.id = ANY ($1) AND ${condition}`,
    parameters,
  );
  return rows.map(({ id }) => id);
}

const customersOf = async (tx: Tx, ownerId: string, after: string): Promise<string[]> =>
  (
    await tx.query<{ id: string }>(
      `SELECT id FROM customer WHERE owner_id = $1 AND deleted_at IS NULL AND id > $2 ORDER BY id LIMIT ${CHUNK}`,
      [ownerId, after],
    )
  ).map(({ id }) => id);

const missing = (id: string, line: number): RowFailure => ({
  line,
  cells: [id],
  errors: [
    {
      field: 'customerIds',
      code: 'unknown_reference',
      message: { en: 'names no customer that you may see', zh: '不是您可以查看的客户' },
    },
  ],
});
