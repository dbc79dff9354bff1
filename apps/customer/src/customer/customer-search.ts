import { searchText, type Tx } from '#platform';

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

/** A customer is found by name, code, phones and the names and phones of its contacts (CUS-5). */
export const customerSearchText = ({ name, code, phone }: Searched, contacts: readonly SearchedContact[]): string =>
  searchText(name, code, phone, ...contacts.flatMap((contact) => [contact.name, contact.officePhone, contact.mobile]));

/** A contact is found by name, phones, e-mail and the name of its customer (CUS-9). */
export const contactSearchText = (
  customerName: string,
  { name, officePhone, mobile, email }: SearchedContact,
): string => searchText(name, officePhone, mobile, email, customerName);

/** A list's condition for `tags`: any of them. What has none is in no index of tags. */
export const anyTag = ({ values }: { values: readonly unknown[] }, add: (value: unknown) => string): string =>
  `t.tags <> '{}' AND t.tags && ${add(values)}::text[]`;

/** After a change of the customer or of one of its contacts. */
export async function noteSearchText(tx: Tx, customer: Searched): Promise<void> {
  const contacts = await tx.query<SearchedContact & { id: string; text: string }>(
    `SELECT id, name, office_phone AS "officePhone", mobile, email, search_text AS text
       FROM contact WHERE customer_id = $1 ORDER BY id`,
    [customer.id],
  );
  const text = customerSearchText(customer, contacts);
  await tx.query('UPDATE customer SET search_text = $2 WHERE id = $1 AND search_text <> $2', [customer.id, text]);
  const changed = contacts
    .map((contact) => ({ ...contact, now: contactSearchText(customer.name, contact) }))
    .filter((contact) => contact.now !== contact.text);
  if (changed.length === 0) return;
  await tx.query(
    `UPDATE contact k SET search_text = u.text FROM unnest($1::uuid[], $2::text[]) AS u(id, text) WHERE k.id = u.id`,
    [changed.map(({ id }) => id), changed.map(({ now }) => now)],
  );
}
