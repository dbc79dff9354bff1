import type { RowResult, Tx } from '#platform';
import { Contact } from '../contact/contact.entity.js';
import { contactSearchText, customerSearchText } from '../customer/customer-search.js';
import { Customer } from '../customer/customer.entity.js';
import { duplicateKeys } from '../duplicate/duplicate-keys.js';
import { noteNewKeys } from '../duplicate/new-keys.js';
import { lockAllRefs } from '../sales/feed-locks.js';
import { joinOrdersOfMany } from '../sales/order-record.js';
import { copyCustomerActs } from '../timeline/customer.timeline.js';
import type { CustomerRow } from './customer-row.js';
import { lockImports } from './import-locks.js';

interface Row {
  readonly line: number;
  readonly data: CustomerRow;
}
interface New {
  readonly line: number;
  readonly customer: Customer;
  readonly contact?: Contact;
  readonly note: string | null;
}

/**
 * Stores the customers of a chunk with their contacts, events and timelines, in as few statements as for one. One whose external
 * reference a living customer has is known already; the first of the file wins.
 * @returns what became of each row
 */
export async function writeCustomers(tx: Tx, jobId: string, rows: readonly Row[]): Promise<RowResult[]> {
  if (rows.length === 0) return [];
  await lockImports(tx);
  await lockAllRefs(tx);
  const codes = await knownRefs(tx, rows);
  const known: Row[] = [];
  const fresh: Row[] = [];
  for (const row of rows) {
    const { externalRef } = row.data.input;
    const isKnown = externalRef != null && codes.has(externalRef);
    (isKnown ? known : fresh).push(row);
    if (externalRef != null && !isKnown) codes.set(externalRef, null);
  }
  const made = await makeCustomers(tx, fresh);
  for (const { customer } of made) if (customer.externalRef !== null) codes.set(customer.externalRef, customer.code);
  const duplicates = await store(tx, jobId, made);
  return [
    ...known.map(({ line, data }) => ({
      line,
      details: { outcome: 'known', code: codes.get(data.input.externalRef!) ?? null },
    })),
    ...made.map(({ line, customer: { id, code }, note }) => ({
      line,
      recordId: id,
      details: { outcome: 'created', code, duplicates: duplicates.get(id) ?? null, note },
    })),
  ];
}

/** The codes of the customers who have the references of these rows; a merged one stands for its survivor. */
async function knownRefs(tx: Tx, rows: readonly Row[]): Promise<Map<string, string | null>> {
  const refs = rows.flatMap(({ data: { input } }) => input.externalRef ?? []);
  const known = await tx.query<{ ref: string; code: string }>(
    `SELECT c.external_ref AS ref, coalesce(s.code, c.code) AS code FROM customer c LEFT JOIN customer s ON s.id = c.survivor_id
      WHERE c.external_ref = ANY ($1) AND (c.deleted_at IS NULL OR c.survivor_id IS NOT NULL)`,
    [refs],
  );
  return new Map(known.map(({ ref, code }) => [ref, code]));
}

async function makeCustomers(tx: Tx, rows: readonly Row[]): Promise<New[]> {
  const codes = await tx.nextCodes('customer', rows.length);
  return rows.map(({ line, data: { input, ownerId, contact, contactWithoutName } }, index) => {
    const customer = Customer.open(input, { code: codes[index]!, ownerId });
    const note = contactWithoutName ? 'contact_without_name' : null;
    return contact ? { line, customer, contact: Contact.of(customer.id, contact), note } : { line, customer, note };
  });
}

/** @returns the codes of who is likely the same (CUS-6), by customer */
async function store(tx: Tx, jobId: string, made: readonly New[]): Promise<Map<string, string>> {
  const contacts = made.flatMap(({ contact }) => contact ?? []);
  const customers = new Map(made.map(({ customer }) => [customer.id, customer]));
  const found = made.map(({ customer, contact }) => {
    const own = contact ? [contact] : [];
    const { id, code } = customer;
    return { id, code, text: customerSearchText(customer, own), keys: duplicateKeys([customer], own) };
  });
  const foundBy = new Map(found.map((each) => [each.id, each]));
  await tx.insertAll(
    made.map(({ customer }) => customer),
    { search_text: ({ id }) => foundBy.get(id)!.text, duplicate_keys: ({ id }) => foundBy.get(id)!.keys },
  );
  await tx.insertAll(contacts, {
    search_text: (contact) => contactSearchText(customers.get(contact.customerId)!.name, contact),
    owner_id: ({ customerId }) => customers.get(customerId)!.ownerId,
  });
  await tx.publishFirst([
    ...made.map(({ customer }) => customer.created()),
    ...contacts.map((contact) => contact.added()),
  ]);
  await copyCustomerActs(
    tx,
    made.flatMap(({ line, customer: { id, code, name }, contact }) => [
      { recordId: id, act: 'created' as const, details: { code, name, jobId, line } },
      ...(contact ? [{ recordId: id, act: 'contact-added' as const, details: { ...contact.gist, jobId } }] : []),
    ]),
  );
  const duplicates = await noteNewKeys(tx, found);
  await joinOrdersOfMany(
    tx,
    made.map(({ customer }) => customer),
  );
  return new Map([...duplicates].map(([id, codes]) => [id, [...codes].join(' ')]));
}
