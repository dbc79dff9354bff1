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
export const noteSearchText = async (tx: Tx, { id }: { readonly id: string }): Promise<Duplicate[]> =>
  (await noteSearchTexts(tx, [id])).get(id) ?? [];

interface Shown extends Searched {
  readonly text: string;
  readonly keys: readonly string[];
  readonly merged: readonly Searched[];
  readonly contacts: readonly (SearchedContact & { readonly id: string; readonly text: string })[];
}
const SHOWN = `SELECT c.id, c.name, c.code, c.phone, c.search_text AS text, c.duplicate_keys AS keys,
    (SELECT coalesce(json_agg(json_build_object('id', m.id, 'name', m.name, 'code', m.code, 'phone', m.phone)
                              ORDER BY m.created_at, m.id), '[]')
       FROM customer m WHERE m.survivor_id = c.id) AS merged,
    (SELECT coalesce(json_agg(json_build_object('id', k.id, 'name', k.name, 'officePhone', k.office_phone, 'mobile', k.mobile,
                                                'email', k.email, 'text', k.search_text) ORDER BY k.id), '[]')
       FROM contact k WHERE k.customer_id = c.id) AS contacts
  FROM customer c WHERE c.id = ANY ($1)`;

/** The same for many customers, which are locked; as few statements as for one. */
export async function noteSearchTexts(tx: Tx, customerIds: readonly string[]): Promise<Map<string, Duplicate[]>> {
  const customers = (await tx.query<Shown>(SHOWN, [customerIds])).map((customer) => ({
    ...customer,
    nowText: customerSearchText(customer, customer.contacts, customer.merged),
    nowKeys: duplicateKeys([customer, ...customer.merged], customer.contacts),
  }));
  const changed = customers.filter(
    ({ text, nowText, keys, nowKeys }) => text !== nowText || JSON.stringify(keys) !== JSON.stringify(nowKeys),
  );
  const contacts = customers.flatMap(({ name, contacts: each }) =>
    each
      .map((contact) => ({ id: contact.id, text: contact.text, now: contactSearchText(name, contact) }))
      .filter(({ text, now }) => text !== now),
  );
  await together([
    changed.length > 0 &&
      tx.query(
        `UPDATE customer c SET search_text = u."nowText", duplicate_keys = u."nowKeys"
           FROM jsonb_to_recordset($1) AS u (id uuid, "nowText" text, "nowKeys" text[]) WHERE c.id = u.id`,
        [JSON.stringify(changed.map(({ id, nowText, nowKeys }) => ({ id, nowText, nowKeys })))],
      ),
    contacts.length > 0 &&
      tx.query(
        'UPDATE contact k SET search_text = u.text FROM unnest($1::uuid[], $2::text[]) AS u (id, text) WHERE k.id = u.id',
        [contacts.map(({ id }) => id), contacts.map(({ now }) => now)],
      ),
  ]);
  return renewKeys(
    tx,
    customers.map(({ id, keys, nowKeys }) => ({ id, before: keys, now: nowKeys })),
  );
}
