import {
  CrmError,
  type CustomerChanges,
  type CustomerInput,
  type CustomerView,
  type Duplicate,
  type WarnedCustomerView,
} from '#contracts';
import { Dictionary, People, together, UnitOfWork, type Tx, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { recoverCustomers } from '../churn/churn-recovery.js';
import { duplicateKeys } from '../duplicate/duplicate-keys.js';
import { hideKeys, lockKeys, lockNames, noteKeys, showKeys } from '../duplicate/known-keys.js';
import { lockRefs } from '../sales/feed-locks.js';
import { joinOrders } from '../sales/order-record.js';
import type { Contact } from '../contact/contact.entity.js';
import { recordCustomerActs } from '../timeline/customer.timeline.js';
import { contactSearchText, customerSearchText, noteSearchText } from './customer-search.js';
import { Customer } from './customer.entity.js';
import { DeletedCustomerPolicy, requireVisible } from './customer.policy.js';

export const nextCustomerCode = (tx: Tx): Promise<string> => tx.nextCode('customer');

/**
 * Stores a new customer with its contacts; orders that waited for it are joined on (FEED-3). Take `lockKeys` and `lockRefs` before.
 * `origin` says on the timeline where the customer comes from.
 * @returns who is likely the same
 */
export async function addCustomer(
  tx: Tx,
  customer: Customer,
  contacts: readonly Contact[] = [],
  origin: object = {},
): Promise<readonly Duplicate[]> {
  const { id: recordId, code, name } = customer;
  const keys = duplicateKeys([customer], contacts);
  const inserted = [
    tx.insert(customer, { search_text: customerSearchText(customer, contacts), duplicate_keys: keys }),
    ...contacts.map((contact) => tx.insert(contact, { search_text: contactSearchText(name, contact) })),
    recordCustomerActs(tx, [
      { recordId, act: 'created', details: { code, name, ...origin } },
      ...contacts.map(({ gist }) => ({ recordId, act: 'contact-added' as const, details: gist })),
    ]),
  ];
  const known = noteKeys(tx, [{ id: customer.id, keys }]);
  tx.publish(customer.created(), ...contacts.map((contact) => contact.added()));
  const [found, lastOrderDate] = await Promise.all([known, joinOrders(tx, customer), ...inserted]);
  customer.ordered(lastOrderDate);
  return found.get(customer.id) ?? [];
}

/** CUS-6: a warning, never a refusal. */
const warned = (customer: CustomerView, duplicates: readonly Duplicate[]): WarnedCustomerView =>
  duplicates.length > 0 ? { ...customer, duplicates: [...duplicates] } : customer;

/** Use cases: one method, one transaction. */
@Injectable()
export class CustomerService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly people: People,
    private readonly dictionary: Dictionary,
  ) {}

  create(context: RequestContext, { ownerId: named, ...input }: CustomerInput): Promise<WarnedCustomerView> {
    return this.uow.run(context, async (tx) => {
      const ownerId = named ?? tx.actor.id;
      // Statements side by side go to PostgreSQL together, in this order.
      const [, , code] = await together([
        this.requireCodes(tx, input),
        this.people.requireEligible(tx, 'ownerId', ownerId, 'customer.update'),
        nextCustomerCode(tx),
        lockKeys(tx, duplicateKeys([{ name: input.name, phone: input.phone ?? null }], [])),
      ]);
      const customer = Customer.open(input, { code, ownerId });
      const [, , duplicates] = await together([
        lockRefs(tx, customer.refs),
        requireFreeRef(tx, customer),
        addCustomer(tx, customer),
      ]);
      tx.requireScope('customer.create', ownerId);
      return warned(customer.view(), duplicates);
    });
  }

  update(context: RequestContext, id: string, changes: CustomerChanges): Promise<WarnedCustomerView> {
    return this.uow.run(context, async (tx) => {
      // Locks of names and references come before those of rows, as on every path.
      if (changes.name !== undefined) await lockNames(tx, changes.name);
      if (changes.externalRef) await lockRefs(tx, [changes.externalRef]);
      const customer = await tx.load(Customer, id);
      await this.requireCodes(tx, customer.changedCodes(changes));
      const details = customer.differences(changes);
      const edited = customer.edit(changes);
      await requireFreeRef(tx, customer);
      tx.requireScope('customer.update', customer.ownerId);
      if (!edited) return customer.view();
      tx.publish(edited);
      await tx.save(customer);
      const duplicates = await noteSearchText(tx, customer);
      await recordCustomerActs(tx, [{ recordId: id, act: 'edited', details }]);
      if (!changes.externalRef) return warned(customer.view(), duplicates);
      customer.ordered(await joinOrders(tx, customer));
      return warned(await standing(tx, customer), duplicates);
    });
  }

  delete(context: RequestContext, id: string): Promise<void> {
    return this.uow.run(context, async (tx) => {
      const customer = await tx.load(Customer, id);
      tx.requireScope('customer.delete', customer.ownerId);
      tx.publish(customer.delete());
      await tx.save(customer);
      await hideKeys(tx, id);
      await recordCustomerActs(tx, [{ recordId: id, act: 'deleted' }]);
    });
  }

  restore(context: RequestContext, id: string): Promise<CustomerView> {
    return this.uow.run(context, async (tx) => {
      await requireVisible(tx, tx.actor, id, DeletedCustomerPolicy);
      // A deleted customer is not edited, so what is read here without a lock stays true.
      const deleted = await tx.manager.findOneByOrFail(Customer, { id });
      const refs = await refsOf(tx, deleted);
      await lockNames(tx, deleted.name);
      await lockRefs(tx, refs);
      const customer = await tx.find(Customer, { id });
      if (!customer?.deletedAt) throw new CrmError('not-found');
      tx.requireVersion(customer);
      await requireFreeRef(tx, customer);
      tx.requireScope('customer.restore', customer.ownerId);
      tx.publish(customer.restore());
      await tx.save(customer);
      await showKeys(tx, id);
      await recordCustomerActs(tx, [{ recordId: id, act: 'restored' }]);
      customer.ordered(await joinOrders(tx, { ...customer, refs }));
      // Orders that came while it was deleted count from now on.
      await recoverCustomers(tx, [id]);
      return standing(tx, customer);
    });
  }

  private requireCodes(tx: Tx, { region, level, industry, nature, type }: CustomerChanges): Promise<void> {
    return this.dictionary.requireActive(tx, [
      { field: 'region', type: 'region', code: region },
      { field: 'level', type: 'customer_level', code: level },
      { field: 'industry', type: 'industry', code: industry },
      { field: 'nature', type: 'company_nature', code: nature },
      { field: 'type', type: 'company_type', code: type },
    ]);
  }
}

/** The customer as its orders have left it: at risk or lost no more, perhaps. */
async function standing(tx: Tx, customer: Customer): Promise<CustomerView> {
  const [row] = await tx.query<Pick<CustomerView, 'status'>>('SELECT status FROM customer WHERE id = $1', [
    customer.id,
  ]);
  return { ...customer.view(), ...row };
}

/** What names the customer to the sales system: its own references, and those of the customers that were merged into it (CUS-6). */
async function refsOf(tx: Tx, customer: Customer): Promise<string[]> {
  const merged = await tx.query<{ refs: string[] }>(
    'SELECT array_remove(ARRAY[code, external_ref], NULL) AS refs FROM customer WHERE survivor_id = $1',
    [customer.id],
  );
  return [...new Set([...customer.refs, ...merged.flatMap(({ refs }) => refs)])];
}

/** Unique among the living and the merged, but a survivor may bear what was merged into it; the lock on the reference keeps another from coming in between. */
export async function requireFreeRef(tx: Tx, { id, externalRef }: Customer): Promise<void> {
  if (externalRef === null) return;
  const taken = await tx.query(
    `SELECT 1 FROM customer WHERE external_ref = $1 AND deleted_at IS NULL AND id <> $2
     UNION ALL SELECT 1 FROM customer WHERE external_ref = $1 AND survivor_id IS NOT NULL AND id <> $2 AND survivor_id <> $2 LIMIT 1`,
    [externalRef, id],
  );
  if (taken.length > 0) throw new CrmError('already-exists', { field: 'externalRef' });
}
