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
}

/** A customer is found by name, code, phones and the names and phones of its contacts (CUS-5). */
export const customerSearchText = ({ name, code, phone }: Searched, contacts: readonly SearchedContact[]): string =>
  searchText(name, code, phone, ...contacts.flatMap((contact) => [contact.name, contact.officePhone, contact.mobile]));

/** After a change of the customer or of one of its contacts. */
export async function noteSearchText(tx: Tx, customer: Searched): Promise<void> {
  const contacts = await tx.query<SearchedContact>(
    'SELECT name, office_phone AS "officePhone", mobile FROM contact WHERE customer_id = $1 ORDER BY id',
    [customer.id],
  );
  const text = customerSearchText(customer, contacts);
  await tx.query('UPDATE customer SET search_text = $2 WHERE id = $1 AND search_text <> $2', [customer.id, text]);
}
