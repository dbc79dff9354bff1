import type pg from 'pg';
import { v7 } from 'uuid';
import type { OrderItem } from '#contracts';
import { seededRandom } from './sample-events.js';

export interface OrderBatch {
  readonly items: readonly OrderItem[];
  /** In cents. */
  readonly total: number;
}

const CURRENCY = 'USD';

/** Orders of three lines for these customers, all in one year so that a report of it has them alone. Whole dollars keep totals exact. */
export function orderBatches(
  year: number,
  batches: number,
  size: number,
  customers: readonly string[],
  products: readonly string[],
): OrderBatch[] {
  const random = seededRandom(year);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const upTo = (most: number) => 1 + Math.floor(random() * most);
  return Array.from({ length: batches }, (_, batch) => {
    let total = 0;
    const items = Array.from({ length: size }, (__, index): OrderItem => {
      const lines = Array.from({ length: 3 }, () => {
        const [quantity, price, twentieths] = [upTo(60), upTo(120), pick([0, 0, 0, 1, 2, 3, 4, 5])];
        total += quantity * price * 5 * (20 - twentieths);
        return {
          productKey: pick(products),
          quantity,
          unit: 'box',
          unitPrice: `${price}.00`,
          discount: twentieths / 20,
        };
      });
      return {
        key: `${year}-${String(batch * size + index + 1).padStart(6, '0')}`,
        version: 1,
        customerRef: pick(customers),
        date: `${year}-${String(upTo(12)).padStart(2, '0')}-${String(upTo(28)).padStart(2, '0')}`,
        address: `${upTo(200)} Nanjing Road, Shanghai`,
        status: 'paid',
        currency: CURRENCY,
        lines,
      };
    });
    return { items, total };
  });
}

/** One page has them all: the sample company has 91 customers. */
export const reportPath = (year: number): string =>
  `/reports/customer-contribution?year=${year}&currency=${CURRENCY}&limit=200`;

/** Writes the rows of the orders and their lines, and nothing else, one transaction per batch. @returns milliseconds */
export async function insertBare(database: pg.Client, batches: readonly OrderBatch[]): Promise<number> {
  await database.query('CREATE TABLE bench_order (LIKE sales_order INCLUDING ALL)');
  await database.query('CREATE TABLE bench_order_line (LIKE sales_order_line INCLUDING ALL)');
  try {
    const begun = performance.now();
    for (const { items } of batches) {
      const orders = items.map((item) => ({ ...item, id: v7() }));
      await database.query('BEGIN');
      await database.query(
        `INSERT INTO bench_order (id, key, version, customer_ref, date, status, currency, address, total)
         SELECT id, key, version, "customerRef", date, status, currency, address, 0
           FROM jsonb_to_recordset($1) AS o(id uuid, key text, version numeric, "customerRef" text, date date, status text, currency text, address text)`,
        [JSON.stringify(orders)],
      );
      await database.query(
        `INSERT INTO bench_order_line (order_id, position, product_key, quantity, unit, unit_price, discount, amount)
         SELECT "orderId", position, "productKey", quantity, unit, "unitPrice", discount, "unitPrice" * quantity
           FROM jsonb_to_recordset($1) AS l("orderId" uuid, position int, "productKey" text, quantity numeric, unit text, "unitPrice" numeric, discount numeric)`,
        [
          JSON.stringify(
            orders.flatMap(({ id, lines }) => lines.map((line, position) => ({ ...line, orderId: id, position }))),
          ),
        ],
      );
      await database.query('COMMIT');
    }
    return performance.now() - begun;
  } finally {
    await database.query('DROP TABLE bench_order, bench_order_line');
  }
}
