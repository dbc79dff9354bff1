import type { Duplicate } from '#contracts';
import { searchText, together, type Condition, type Tx } from '#platform';
import { duplicateKeys } from '../duplicate/duplicate-keys.js';
import { renewKeys } from '../duplicate/known-keys.js';

interface Searched {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly phone: string | null;
}
interface SearchedContact {
  readonly name: string;
  readonly officePhone: string | null;
  readonly mobile: string | null;
  readonly email: string | null;
}

/** A customer is found by name, code, phones and the names and phones of its contacts (CUS-5), and by those of merged ones (CUS-6). */
export const customerSearchText = (
  customer: Searched,
  contacts: readonly SearchedContact[],
  merged: readonly Searched[] = [],
): string =>
  searchText(
    ...[customer, ...merged].flatMap(({ name, code, phone }) => [name, code, phone]),
    ...contacts.flatMap((contact) => [contact.name, contact.officePhone, contact.mobile]),
  );

/** A contact is found by name, phones, e-mail and the name of its customer (CUS-9). */
export const contactSearchText = (
  customerName: string,
  { name, officePhone, mobile, email }: SearchedContact,
): string => searchText(name, officePhone, mobile, email, customerName);

/** A list's condition for `tags`: any of them. What has none is in no index of tags. */
export const anyTag = ({ values }: Condition, add: (value: unknown) => string): string =>
  `t.tags <> '{}' AND t.tags && ${add(values)}::text[]`;

/**
 * A list's condition for a day that may be missing. `indexed` puts those without one at an end of all days, beyond `known`; of the
 * column itself PostgreSQL knows better how many days there are.
 */
export const knownDay =
  (column: string, indexed: string, known: string) =>
  ({ operator, values }: Condition, add: (value: unknown) => string): string => {
    const places = values.map(add);
    const compared = operator === 'in' ? `IN (${places.join(', ')})` : `${operator} ${places[0]}`;
    return `${column} ${compared} AND ${indexed} ${compared} AND ${indexed} ${known}`;
  };

/**
 * After a change of the customer, of one of its contacts, or of what was merged into it.
 * @returns who is likely the same by what is new
 */
export async function noteSearchText(tx: Tx, customer: Searched): Promise<Duplicate[]> {
  const { id } = customer;
  const [contacts, merged, [before]] = await together([
    tx.query<SearchedContact & { id: string; text: string }>(
      `SELECT id, name, office_phone AS "officePhone", mobile, email, search_text AS text
         FROM contact WHERE customer_id = $1 ORDER BY id`,
      [id],
    ),
    tx.query<Searched>('SELECT id, name, code, phone FROM customer WHERE survivor_id = $1 ORDER BY created_at, id', [
      id,
    ]),
    tx.query<{ keys: string[] }>('SELECT duplicate_keys AS keys FROM customer WHERE id = $1', [id]),
  ]);
  const keys = duplicateKeys([customer, ...merged], contacts);
  await tx.query(
    'UPDATE customer SET search_text = $2, duplicate_keys = $3 WHERE id = $1 AND (search_text, duplicate_keys) IS DISTINCT FROM ($2, $3)',
    [id, customerSearchText(customer, contacts, merged), keys],
  );
  const changed = contacts
    .map((contact) => ({ ...contact, now: contactSearchText(customer.name, contact) }))
    .filter((contact) => contact.now !== contact.text);
  if (changed.length > 0)
    await tx.query(
      `UPDATE contact k SET search_text = u.text FROM unnest($1::uuid[], $2::text[]) AS u(id, text) WHERE k.id = u.id`,
      [changed.map((contact) => contact.id), changed.map(({ now }) => now)],
    );
  return renewKeys(tx, id, before!.keys, keys);
}

/** After changes of the contacts of many customers, which are locked. */
export async function noteSearchTexts(tx: Tx, customerIds: readonly string[]): Promise<void> {
  const customers = await tx.query<Searched>(
    'SELECT id, name, code, phone FROM customer WHERE id = ANY ($1) ORDER BY id',
    [customerIds],
  );
  await together(customers.map((customer) => noteSearchText(tx, customer)));
}
