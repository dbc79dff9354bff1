import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Actor, CrmError, type TicketView } from '#contracts';
import { type Tx } from '#platform';

/** How long a record that is not known here is waited for: its event may still be on the way. */
const GRACE_MS = 1_000;
const POLL_MS = 50;
/** More are not waited for, so that nobody keeps the service busy with ids that never existed. */
const MAX_WAITING = 8;

/** The local copy of customers and contacts, as tickets use it. */
@Injectable()
export class KnownCustomers {
  private readonly waiting = new Set<string>();

  constructor(private readonly db: DataSource) {}

  /**
   * Who has just made a customer may open a ticket for it at once, before the event arrived here.
   * Call it outside a transaction; it returns when all is known, after the grace period, or at once when the same
   * actor or too many others wait already.
   */
  async awaitArrival(actor: Actor, customerId?: string, contactId?: string | null): Promise<void> {
    if ((!customerId && !contactId) || (await this.hasArrived(customerId, contactId))) return;
    if (this.waiting.size >= MAX_WAITING || this.waiting.has(actor.id)) return;
    this.waiting.add(actor.id);
    try {
      const deadline = performance.now() + GRACE_MS;
      do await pause(POLL_MS);
      while (!(await this.hasArrived(customerId, contactId)) && performance.now() < deadline);
    } finally {
      this.waiting.delete(actor.id);
    }
  }

  /**
   * Locks the copy until the transaction ends: an event that changes it, and then the customer's tickets, sees this one too.
   * @returns the id of the customer that stands for this one: of one that was merged, the survivor's (CUS-6)
   * @throws CrmError 422 `unknown-reference`
   */
  async require(tx: Tx, customerId: string): Promise<string> {
    // Once more, because it may have been merged while we waited for its row.
    for (const _attempt of [1, 2]) {
      const [found] = await tx.query<{ id: string }>(
        `SELECT id FROM customer WHERE id = successor_of($1) AND NOT deleted FOR SHARE`,
        [customerId],
      );
      if (found) return found.id;
    }
    throw unknownReference('customerId');
  }

  /** @throws CrmError 422 `unknown-reference` when the contact is not one of that customer's */
  async requireContact(tx: Tx, contactId: string | null | undefined, customerId: string): Promise<void> {
    if (!contactId) return;
    const found = await tx.query(
      `SELECT 1 FROM contact WHERE id = $1 AND successor_of(customer_id) = successor_of($2) AND NOT removed`,
      [contactId, customerId],
    );
    if (found.length === 0) throw unknownReference('contactId');
  }

  /** For views: those of now, also of a customer or contact that is gone. */
  async namesOf(tx: Tx, { customerId, contactId }: Pick<TicketView, 'customerId' | 'contactId'>) {
    const [names] = await tx.query<Pick<TicketView, 'customerName' | 'contactName'>>(
      `SELECT (SELECT name FROM customer WHERE id = $1) AS "customerName", (SELECT name FROM contact WHERE id = $2) AS "contactName"`,
      [customerId, contactId],
    );
    return names!;
  }

  private async hasArrived(customerId?: string, contactId?: string | null): Promise<boolean> {
    const [row]: [{ arrived: boolean }] = await this.db.query(
      `SELECT ($1::uuid IS NULL OR EXISTS (SELECT FROM customer WHERE id = successor_of($1)))
          AND ($2::uuid IS NULL OR EXISTS (SELECT FROM contact WHERE id = $2)) AS arrived`,
      [customerId ?? null, contactId ?? null],
    );
    return row.arrived;
  }
}

const unknownReference = (field: string) =>
  new CrmError('unknown-reference', { field }, [
    { path: field, code: 'unknown-reference', message: 'names no existing record · 引用的记录不存在' },
  ]);
