interface Values {
  readonly values: readonly unknown[];
}
type Add = (value: unknown) => string;

/** A list's condition for `customerId`: a customer that was merged stands for its survivor (CUS-6). */
export const ofCustomer = ({ values }: Values, add: Add): string =>
  values.length === 1
    ? `t.customer_id = successor_of(${add(values[0])})`
    : `t.customer_id = ANY (ARRAY(SELECT successor_of(id) FROM unnest(${add(values)}::uuid[]) AS id))`;

/** The same for the numbers of customers themselves. */
export const byNumber = ({ values }: Values, add: Add): string =>
  `t.id = ANY (ARRAY(SELECT coalesce(n.survivor_id, n.id) FROM customer n WHERE n.code = ANY (${add(values)}::text[])))`;
