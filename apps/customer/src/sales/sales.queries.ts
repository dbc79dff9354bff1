import {
  CrmError,
  Id,
  SalesRoutes,
  type Actor,
  type OrderView,
  type ProductView,
  type RejectionView,
  type StockView,
} from '#contracts';
import {
  formatMoney,
  containsText,
  escapeLike,
  readList,
  runSql,
  visibleTo,
  type Language,
  type ListPlan,
  type ListQuery,
  type Page,
  type RecordPolicy,
  type RequestContext,
} from '#platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import { requireVisible } from '../customer/customer.policy.js';
import { ofCustomer } from '../merge/successors.js';

type Product = z.infer<typeof ProductView>;
type Stock = z.infer<typeof StockView>;
type Order = z.infer<typeof OrderView>;
type Rejection = z.infer<typeof RejectionView>;

const productView = (row: Product): Product => ({
  ...row,
  price: row.price === null ? null : formatMoney(row.price, row.currency),
});
const orderView = (row: Order): Order => ({
  ...row,
  total: formatMoney(row.total, row.currency),
  lines: row.lines.map((line) => ({
    ...line,
    unitPrice: formatMoney(line.unitPrice, row.currency),
    amount: formatMoney(line.amount, row.currency),
  })),
});

const PRODUCTS: ListPlan<Product> = {
  definition: SalesRoutes.listProducts.list,
  from: 'product t',
  select: 't.key, t.name, t.type, t.batch, t.unit, t.price, t.currency, t.remarks',
  columns: { key: 't.key', type: 't.type', name: 't.name' },
  ordered: { name: { type: 't.type' } },
  search: containsText('t.search_text'),
  searchCovers: ['name'],
  view: productView,
};

const STOCK: ListPlan<Stock> = {
  definition: SalesRoutes.listStock.list,
  from: 'stock t LEFT JOIN product p ON p.key = t.product_key',
  select:
    't.key, t.product_key AS "productKey", p.name AS "productName", t.warehouse, t.bin, t.quantity::float8 AS quantity, t.remarks',
  columns: { productKey: 't.product_key', warehouse: 't.warehouse' },
  ordered: { warehouse: { productKey: 't.product_key' } },
  // Either is found by an index of its own; one condition over both tables could use neither.
  search: (...q) => `t.id IN (SELECT id FROM stock t WHERE ${containsText('t.search_text')(...q)}
    UNION ALL SELECT t.id FROM stock t JOIN product p ON p.key = t.product_key WHERE ${containsText('p.search_text')(...q)})`,
};

const OrderPolicy: RecordPolicy = {
  kind: 'order',
  table: 'sales_order',
  readRight: 'order.read',
  owned: 'EXISTS (SELECT 1 FROM customer c WHERE c.id = t.customer_id AND c.owner_id = :actor)',
};

const ORDERS: ListPlan<Order> = {
  definition: SalesRoutes.listOrders.list,
  from: 'sales_order t',
  select: `t.id, t.key, t.customer_id AS "customerId", t.customer_ref AS "customerRef", t.date, t.status, t.currency, t.address, t.total,
    (SELECT coalesce(json_agg(json_build_object('productKey', l.product_key, 'productName', l.product_name, 'quantity', l.quantity,
              'unit', l.unit, 'unitPrice', l.unit_price::text, 'discount', l.discount, 'amount', l.amount::text) ORDER BY l.position), '[]')
       FROM sales_order_line l WHERE l.order_id = t.id) AS lines`,
  columns: {
    key: 't.key',
    status: 't.status',
    customerId: 't.customer_id',
    date: 't.date',
    currency: 't.currency',
  },
  ordered: { date: { status: 't.status', currency: 't.currency' } },
  conditions: { customerId: ofCustomer },
  policy: OrderPolicy,
  view: orderView,
};

/** The orders of one customer are few enough to be looked through. */
const ORDERS_OF_CUSTOMER: ListPlan<Order> = {
  ...ORDERS,
  definition: SalesRoutes.listCustomerOrders.list,
  ordered: {},
  search: (folded, add) => `regexp_replace(lower(normalize(concat_ws(chr(1), t.key, t.address,
      (SELECT string_agg(concat_ws(chr(1), l.product_key, l.product_name), chr(1)) FROM sales_order_line l WHERE l.order_id = t.id)
    ), NFKC)), '[\\s\\-‐‑–—]+', '', 'g') LIKE ${add(`%${escapeLike(folded)}%`)}`,
};

/** What was rejected belongs to nobody: seen by who sees all orders. */
const RejectionPolicy: RecordPolicy = { kind: 'feed-rejection', table: 'feed_rejection', readRight: 'order.read' };

type RejectionRow = Rejection & { readonly reasonZh: string };

const rejectionPlan = (language: Language): ListPlan<Rejection> => ({
  definition: SalesRoutes.listFeedRejections.list,
  from: 'feed_rejection t',
  select: 't.id, t.kind, t.key, t.reason, t.reason_zh AS "reasonZh", t.item, t.rejected_at AS "rejectedAt"',
  columns: { kind: 't.kind', key: 't.key', rejectedAt: 't.rejected_at' },
  ordered: { rejectedAt: { kind: 't.kind' } },
  policy: RejectionPolicy,
  view: ({ reasonZh, ...row }: RejectionRow) => (language === 'zh' ? { ...row, reason: reasonZh } : row),
});

/** Reads: SQL straight to views. */
@Injectable()
export class SalesQueries {
  constructor(private readonly dataSource: DataSource) {}

  products(query: ListQuery, actor: Actor): Promise<Page<Product>> {
    return readList(this.dataSource, PRODUCTS, query, actor);
  }

  async product(key: string): Promise<Product> {
    const sql = `SELECT ${PRODUCTS.select} FROM ${PRODUCTS.from} WHERE t.key = $1`;
    const [row] = key.includes('\0') ? [] : await runSql<Product>(this.dataSource.manager, sql, [key]);
    if (!row) throw new CrmError('not-found');
    return productView(row);
  }

  /** By its id, or by the key that the sales system gave it. */
  async order(idOrKey: string, actor: Actor): Promise<Order> {
    const id = Id.safeParse(idOrKey).data ?? null;
    const parameters: unknown[] = [idOrKey, id];
    const visible = visibleTo(OrderPolicy, actor, parameters);
    const sql = `SELECT ${ORDERS.select} FROM ${ORDERS.from} WHERE (t.key = $1 OR t.id = $2) AND ${visible} ORDER BY t.id = $2 DESC LIMIT 1`;
    const [row] = idOrKey.includes('\0') ? [] : await runSql<Order>(this.dataSource.manager, sql, parameters);
    if (!row) throw new CrmError('not-found');
    return orderView(row);
  }

  stock(query: ListQuery, actor: Actor): Promise<Page<Stock>> {
    return readList(this.dataSource, STOCK, query, actor);
  }

  orders(query: ListQuery, actor: Actor): Promise<Page<Order>> {
    return readList(this.dataSource, ORDERS, query, actor);
  }

  unmatchedOrders(query: ListQuery, actor: Actor): Promise<Page<Order>> {
    return readList(
      this.dataSource,
      { ...ORDERS, where: { sql: 't.customer_id IS NULL', parameters: [] } },
      query,
      actor,
    );
  }

  async ordersOf(customerId: string, query: ListQuery, actor: Actor): Promise<Page<Order>> {
    await requireVisible(this.dataSource, actor, customerId);
    return readList(
      this.dataSource,
      { ...ORDERS_OF_CUSTOMER, where: { sql: 't.customer_id = $1', parameters: [customerId] } },
      query,
      actor,
    );
  }

  rejections({ actor, language }: RequestContext, query: ListQuery): Promise<Page<Rejection>> {
    return readList(this.dataSource, rejectionPlan(language), query, actor);
  }
}
