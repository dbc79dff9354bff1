import { type RowResult, together, type Tx } from '#platform';
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
  readonly data: CustomerRow;
}

/**
 * Stores the customers of a chunk with their contacts, events and timelines, in as few statements as for one. One whose external
 * reference a living customer has, or that came without one and says all the same, is known already; the first of the file wins.
 * @returns what became of each row
 */
export async function writeCustomers(tx: Tx, jobId: string, rows: readonly Row[]): Promise<RowResult[]> {
  if (rows.length === 0) return [];
  // Sent together: what is known is looked up when the locks are held.
  const [, , codes] = await together([lockImports(tx), lockAllRefs(tx), knownCodes(tx, rows)]);
  const known: Row[] = [];
  const fresh: Row[] = [];
  for (const row of rows) {
    const key = keyOf(row.data);
    const isKnown = codes.has(key);
    (isKnown ? known : fresh).push(row);
    if (!isKnown) codes.set(key, '');
  }
  const made = await makeCustomers(tx, fresh);
  for (const { data, customer } of made) codes.set(keyOf(data), customer.code);
  const duplicates = await store(tx, jobId, made);
  return [
    ...known.map(({ line, data }) => ({ line, details: { outcome: 'known', code: codes.get(keyOf(data))! } })),
    ...made.map(({ line, customer: { id, code }, data }) => ({
      line,
      recordId: id,
      details: {
        outcome: 'created',
        code,
        duplicates: duplicates.get(id) ?? null,
        note: data.contactWithoutName ? 'contact_without_name' : null,
      },
    })),
  ];
}

const keyOf = ({ input, fingerprint }: CustomerRow): string => fingerprint ?? `ref ${input.externalRef}`;

/** The customers with these references ($1) and fingerprints of rows ($2); a merged one stands for its survivor. */
export const KNOWN_CUSTOMERS = `SELECT c.key, coalesce((SELECT s.code FROM customer s WHERE s.id = c.survivor_id), c.code) AS code
  FROM (SELECT 'ref ' || external_ref AS key, code, deleted_at, survivor_id FROM customer WHERE external_ref = ANY ($1::text[])
        UNION ALL SELECT import_key, code, deleted_at, survivor_id FROM customer WHERE import_key = ANY ($2::text[])) c
 WHERE c.deleted_at IS NULL OR c.survivor_id IS NOT NULL`;

/** The codes of the customers that these rows have become before, by what the rows are known by. */
async function knownCodes(tx: Tx, rows: readonly Row[]): Promise<Map<string, string>> {
  const known = await tx.query<{ key: string; code: string }>(KNOWN_CUSTOMERS, [
    rows.flatMap(({ data }) => data.input.externalRef ?? []),
    rows.flatMap(({ data }) => data.fingerprint ?? []),
  ]);
  return new Map(known.map(({ key, code }) => [key, code]));
}

async function makeCustomers(tx: Tx, rows: readonly Row[]): Promise<New[]> {
  const codes = await tx.nextCodes('customer', rows.length);
  return rows.map(({ line, data }, index) => {
    const customer = Customer.open(data.input, { code: codes[index]!, ownerId: data.ownerId });
    return { line, customer, data, ...(data.contact && { contact: Contact.of(customer.id, data.contact) }) };
  });
}

/** @returns the codes of who is likely the same (CUS-6), by customer */
async function store(tx: Tx, jobId: string, made: readonly New[]): Promise<Map<string, string>> {
  const contacts = made.flatMap(({ contact }) => contact ?? []);
  const customers = new Map(made.map(({ customer }) => [customer.id, customer]));
  const found = made.map(({ customer, contact, data: { fingerprint } }) => {
    const own = contact ? [contact] : [];
    const { id, code } = customer;
    return { id, code, fingerprint, text: customerSearchText(customer, own), keys: duplicateKeys([customer], own) };
  });
  const foundBy = new Map(found.map((each) => [each.id, each]));
  const events = [...made.map(({ customer }) => customer.created()), ...contacts.map((contact) => contact.added())];
  // While PostgreSQL takes in one of the copies, the next one's text is there already.
  const [duplicates] = await together([
    noteNewKeys(tx, found),
    tx.insertAll(
      made.map(({ customer }) => customer),
      {
        search_text: ({ id }) => foundBy.get(id)!.text,
        duplicate_keys: ({ id }) => foundBy.get(id)!.keys,
        import_key: ({ id }) => foundBy.get(id)!.fingerprint,
      },
    ),
    tx.insertAll(contacts, {
      search_text: (contact) => contactSearchText(customers.get(contact.customerId)!.name, contact),
      owner_id: ({ customerId }) => customers.get(customerId)!.ownerId,
    }),
    tx.publishFirst(events),
    copyCustomerActs(
      tx,
      made.flatMap(({ line, customer: { id, code, name }, contact }) => [
        { recordId: id, act: 'created' as const, details: { code, name, jobId, line } },
        ...(contact ? [{ recordId: id, act: 'contact-added' as const, details: { ...contact.gist, jobId } }] : []),
      ]),
    ),
  ]);
  await joinOrdersOfMany(
    tx,
    made.map(({ customer }) => customer),
  );
  return new Map([...duplicates].map(([id, codes]) => [id, [...codes].join(' ')]));
}
