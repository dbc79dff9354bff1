import { type RowFailure, type RowResult, together, type Tx, visibleTo } from '#platform';
import { In } from 'typeorm';
import { Contact } from '../contact/contact.entity.js';
import { contactSearchText, noteSearchTexts } from '../customer/customer-search.js';
import { CustomerPolicy } from '../customer/customer.policy.js';
import { copyCustomerActs, recordCustomerActs } from '../timeline/customer.timeline.js';
import type { ContactRow } from './contact-row.js';
import { scopeError } from './row-values.js';

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
  readonly data: ContactRow;
}
interface Found {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly ownerId: string | null;
}
interface Placed {
  readonly line: number;
  readonly customer: Found;
  readonly data: ContactRow;
}

/** Stores the contacts of a chunk. One that its customer has already, with the same name and ways to reach it, is known. */
export async function writeContacts(
  tx: Tx,
  jobId: string,
  rows: readonly Row[],
): Promise<{ results: RowResult[]; failures: RowFailure[] }> {
  const customers = await lockCustomers(
    tx,
    rows.map(({ data }) => data.customer),
  );
  const failures: RowFailure[] = [];
  const placed: Placed[] = [];
  for (const { line, cells, data } of rows) {
    const customer = customers.get(data.customer);
    const error = customer ? scopeError(tx.actor, 'contact.write', customer.ownerId, 'customer') : UNKNOWN;
    if (error) failures.push({ line, cells, errors: [error] });
    else placed.push({ line, customer: customer!, data });
  }
  const known = await knownContacts(tx, placed);
  const results: RowResult[] = [];
  const fresh: Placed[] = [];
  for (const each of placed) {
    const key = keyOf({ ...each.data.input, customerId: each.customer.id });
    if (known.has(key)) results.push({ line: each.line, details: { outcome: 'known', code: each.customer.code } });
    else fresh.push(each);
    known.add(key);
  }
  for (const { line, customer, contact } of await store(tx, jobId, fresh))
    results.push({ line, recordId: contact.id, details: { outcome: 'created', code: customer.code } });
  return { results, failures };
}

const UNKNOWN = {
  field: 'customer',
  code: 'unknown_reference',
  message: {
    en: 'no customer has this number or external reference',
    zh: '没有使用该编号或外部编号的客户',
  },
};

/** By number, else by external reference; a merged one stands for its survivor. They stay locked, so that their contacts change one at a time. */
async function lockCustomers(tx: Tx, refs: readonly string[]): Promise<Map<string, Found>> {
  const parameters: unknown[] = [[...new Set(refs)]];
  const visible = visibleTo(CustomerPolicy, tx.actor, parameters);
  const found = await tx.query<Found & { ref: string }>(
    `SELECT DISTINCT ON (r.ref) r.ref, t.id, t.name, t.code, t.owner_id AS "ownerId" FROM unnest($1::text[]) AS r (ref)
       JOIN customer n ON (n.code = upper(r.ref) OR n.external_ref = r.ref) AND (n.deleted_at IS NULL OR n.survivor_id IS NOT NULL)
       JOIN customer t ON t.id = coalesce(n.survivor_id, n.id) AND ${visible}
      ORDER BY r.ref, n.code = upper(r.ref) DESC, n.deleted_at IS NULL DESC`,
    parameters,
  );
  const ids = found.map(({ id }) => id);
  const locked = await tx.query<{ id: string }>(
    'SELECT id FROM customer WHERE id = ANY ($1) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE',
    [ids],
  );
  const living = new Set(locked.map(({ id }) => id));
  return new Map(found.filter(({ id }) => living.has(id)).map((customer) => [customer.ref, customer]));
}

type Known = { readonly customerId: string; readonly name: string } & Partial<
  Record<'officePhone' | 'mobile' | 'email', string | null>
>;
const keyOf = ({ customerId, name, officePhone, mobile, email }: Known): string =>
  JSON.stringify([customerId, name, officePhone ?? null, mobile ?? null, email ?? null]);

async function knownContacts(tx: Tx, placed: readonly Placed[]): Promise<Set<string>> {
  const known = await tx.query<Known>(
    `SELECT customer_id AS "customerId", name, office_phone AS "officePhone", mobile, email FROM contact WHERE customer_id = ANY ($1)`,
    [[...new Set(placed.map(({ customer }) => customer.id))]],
  );
  return new Set(known.map(keyOf));
}

interface New {
  readonly line: number;
  readonly customer: Found;
  readonly contact: Contact;
}

async function store(tx: Tx, jobId: string, fresh: readonly Placed[]): Promise<New[]> {
  // At most one is primary: of several in the file the last, as if they came one after the other.
  const primary = new Map(
    fresh.filter(({ data }) => data.input.isPrimary).map(({ customer, line }) => [customer.id, line]),
  );
  const made = fresh.map(({ line, customer, data: { input } }) => ({
    line,
    customer,
    contact: Contact.of(customer.id, { ...input, isPrimary: primary.get(customer.id) === line }),
  }));
  const contacts = made.map(({ contact }) => contact);
  await unsetPrimaries(tx, jobId, [...primary.keys()]);
  const nameOf = new Map(fresh.map(({ customer }) => [customer.id, customer.name]));
  const events = contacts.map((contact) => contact.added());
  await together([
    tx.insertAll(contacts, {
      search_text: (contact) => contactSearchText(nameOf.get(contact.customerId)!, contact),
    }),
    tx.publishFirst(events),
    copyCustomerActs(
      tx,
      contacts.map(({ customerId, gist }) => ({
        recordId: customerId,
        act: 'contact-added',
        details: { ...gist, jobId },
      })),
    ),
  ]);
  await noteSearchTexts(tx, [...new Set(contacts.map(({ customerId }) => customerId))]);
  return made;
}

async function unsetPrimaries(tx: Tx, jobId: string, customerIds: readonly string[]): Promise<void> {
  if (customerIds.length === 0) return;
  const before = await tx.manager.find(Contact, { where: { customerId: In([...customerIds]), isPrimary: true } });
  await setPrimary(tx, jobId, before, false);
}

/** Makes contacts that are not so yet the primary ones of their customers, or no longer, in the name of an import. */
export async function setPrimary(
  tx: Tx,
  jobId: string,
  contacts: readonly Contact[],
  isPrimary: boolean,
): Promise<void> {
  if (contacts.length === 0) return;
  const edited = contacts.map((contact) => ({ contact, ...contact.edit({ isPrimary })! }));
  tx.publish(...edited.map(({ event }) => event));
  await tx.query('UPDATE contact SET is_primary = $2, version = version + 1 WHERE id = ANY ($1)', [
    contacts.map(({ id }) => id),
    isPrimary,
  ]);
  await recordCustomerActs(
    tx,
    edited.map(({ contact: { id, customerId, name }, changed }) => ({
      recordId: customerId,
      act: 'contact-edited',
      details: { contactId: id, name, changes: changed, jobId },
    })),
  );
}
