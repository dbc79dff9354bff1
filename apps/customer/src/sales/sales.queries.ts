import {
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
  readList,
  type ListPlan,
  type ListQuery,
  type Page,
  type RecordPolicy,
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

const PRODUCTS: ListPlan<Product> = {
  definition: SalesRoutes.listProducts.list,
  from: 'product t',
  select: 't.key, t.name, t.type, t.batch, t.unit, t.price, t.currency, t.remarks',
  columns: { key: 't.key', type: 't.type', name: 't.name' },
  search: containsText('t.search_text'),
  view: ({ key, name, type, batch, unit, price, currency, remarks }: Product) => ({
    key,
    name,
    type,
    batch,
    unit,
    price: price === null ? null : formatMoney(price, currency),
    currency,
    remarks,
  }),
};

const STOCK: ListPlan<Stock> = {
  definition: SalesRoutes.listStock.list,
  from: 'stock t LEFT JOIN product p ON p.key = t.product_key',
  select:
    't.key, t.product_key AS "productKey", p.name AS "productName", t.warehouse, t.bin, t.quantity::float8 AS quantity, t.remarks',
  columns: { productKey: 't.product_key', warehouse: 't.warehouse' },
  search: (...q) => `${containsText('t.search_text')(...q)} OR ${containsText('p.search_text')(...q)}`,
  view: ({ key, productKey, productName, warehouse, bin, quantity, remarks }: Stock) => ({
    key,
    productKey,
    productName,
    warehouse,
    bin,
    quantity,
    remarks,
  }),
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
  conditions: { customerId: ofCustomer },
  policy: OrderPolicy,
  view: ({ id, key, customerId, customerRef, date, status, currency, address, total, lines }: Order) => ({
    id,
    key,
    customerId,
    customerRef,
    date,
    status,
    currency,
    address,
    total: formatMoney(total, currency),
    lines: lines.map((line) => ({
      ...line,
      unitPrice: formatMoney(line.unitPrice, currency),
      amount: formatMoney(line.amount, currency),
    })),
  }),
};

const REJECTIONS: ListPlan<Rejection> = {
  definition: SalesRoutes.listFeedRejections.list,
  from: 'feed_rejection t',
  select: 't.id, t.kind, t.key, t.reason, t.item, t.rejected_at AS "rejectedAt"',
  columns: { kind: 't.kind', rejectedAt: 't.rejected_at' },
  view: ({ id, kind, key, reason, item, rejectedAt }: Omit<Rejection, 'rejectedAt'> & { rejectedAt: Date }) => ({
    id,
    kind,
    key,
    reason,
    item,
    rejectedAt: rejectedAt.toISOString(),
  }),
};

/** Reads: SQL straight to views. */
@Injectable()
export class SalesQueries {
  constructor(private readonly dataSource: DataSource) {}

  products(query: ListQuery, actor: Actor): Promise<Page<Product>> {
    return readList(this.dataSource, PRODUCTS, query, actor);
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
      { ...ORDERS, where: { sql: 't.customer_id = $1', parameters: [customerId] } },
      query,
      actor,
    );
  }

  rejections(query: ListQuery, actor: Actor): Promise<Page<Rejection>> {
    return readList(this.dataSource, REJECTIONS, query, actor);
  }
}
