import { searchText, type Tx } from '#platform';
import type { Customer } from './customer.entity.js';

/** A customer is found by name, code, phones and the names and phones of its contacts (CUS-5). */
export async function noteSearchText(
  tx: Tx,
  customer: Pick<Customer, 'id' | 'name' | 'code' | 'phone'>,
): Promise<void> {
  const contacts = await tx.query<{ name: string; office_phone: string | null; mobile: string | null }>(
    'SELECT name, office_phone, mobile FROM contact WHERE customer_id = $1 ORDER BY id',
    [customer.id],
  );
  const text = searchText(
    customer.name,
    customer.code,
    customer.phone,
    ...contacts.flatMap(({ name, office_phone, mobile }) => [name, office_phone, mobile]),
  );
  await tx.query('UPDATE customer SET search_text = $2 WHERE id = $1 AND search_text <> $2', [customer.id, text]);
}
