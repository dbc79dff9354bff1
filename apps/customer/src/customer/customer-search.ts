import { searchText, type Tx } from '#platform';
import type { Customer } from './customer.entity.js';

interface SearchedContact {
  readonly name: string;
  readonly officePhone: string | null;
  readonly mobile: string | null;
}

/**
 * A customer is found by name, code, phones and the names and phones of its contacts (CUS-5). `contacts` are read unless the caller
 * knows them all.
 */
export async function noteSearchText(
  tx: Tx,
  customer: Pick<Customer, 'id' | 'name' | 'code' | 'phone'>,
  contacts?: readonly SearchedContact[],
): Promise<void> {
  const all =
    contacts ??
    (await tx.query<SearchedContact>(
      'SELECT name, office_phone AS "officePhone", mobile FROM contact WHERE customer_id = $1 ORDER BY id',
      [customer.id],
    ));
  const text = searchText(
    customer.name,
    customer.code,
    customer.phone,
    ...all.flatMap(({ name, officePhone, mobile }) => [name, officePhone, mobile]),
  );
  await tx.query('UPDATE customer SET search_text = $2 WHERE id = $1 AND search_text <> $2', [customer.id, text]);
}
