import { z } from 'zod';
import { defineRoutes } from './define-routes.js';
import { CalendarDate, Currency, Id, Instant, Money, page, refineDecimals } from './fields.js';

/** Keys, names and texts of the sales system: no blank check, its data is kept as it is; only size and what cannot be stored are refused. */
const storable = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !/\0|\p{Cs}/u.test(value), {
      error: 'holds a character that cannot be stored · 含有无法存储的字符',
    });
const fed = (max: number) => storable(max).min(1);
const fedText = (max: number) => storable(max).nullish();
/** A growing integer or an instant; larger is newer. */
export const FeedVersion = z.union([z.int().nonnegative(), z.iso.datetime({ offset: true })], {
  error: 'a growing integer or an ISO 8601 instant · 递增整数或 ISO 8601 时间',
});
const Quantity = z.number().nonnegative().max(1e12);

export const ProductItem = z
  .strictObject({
    key: fed(100),
    version: FeedVersion,
    name: fed(200),
    type: fedText(100),
    batch: fedText(100),
    unit: fedText(50),
    price: Money.nullish(),
    currency: Currency.nullish(),
    remarks: fedText(2000),
  })
  .superRefine((item, context) => refineDecimals(context, 'price', item.price, item.currency));
export const StockItem = z.strictObject({
  key: fed(100),
  version: FeedVersion,
  productKey: fed(100),
  warehouse: fed(100),
  bin: fedText(100),
  quantity: z.number().max(1e12).min(-1e12),
  remarks: fedText(2000),
});
export const ORDER_STATUSES = ['unpaid', 'paid', 'cancelled'] as const;
export const OrderLine = z.strictObject({
  productKey: fed(100),
  quantity: Quantity,
  unit: fedText(50),
  unitPrice: Money,
  discount: z.number().min(0).max(1).default(0),
});
export const OrderItem = z.strictObject({
  key: fed(100),
  version: FeedVersion,
  customerRef: fed(100),
  date: CalendarDate,
  address: fedText(300),
  status: z.enum(ORDER_STATUSES),
  currency: Currency,
  lines: z.array(OrderLine).max(1000),
});
export type ProductItem = z.infer<typeof ProductItem>;
export type StockItem = z.infer<typeof StockItem>;
export type OrderItem = z.infer<typeof OrderItem>;

/** Items are documented as `item` and checked against it one by one, so that a bad one is rejected by its key and the others go in. */
function batchOf(item: z.ZodType) {
  const { $schema: _, ...documented } = z.toJSONSchema(item, { io: 'input', unrepresentable: 'any' });
  return z.strictObject({ items: z.array(z.unknown().meta(documented)).min(1).max(1000) });
}
export const FeedResult = z.object({
  accepted: z.int().meta({ description: 'New, or newer than what was there' }),
  unchanged: z.int().meta({ description: 'Already there in this version or a newer one' }),
  rejected: z.array(z.object({ key: z.string().nullable(), reason: z.string() })),
});
export type FeedResult = z.infer<typeof FeedResult>;

export const ProductView = z
  .object({
    key: z.string(),
    name: z.string(),
    type: z.string().nullable(),
    batch: z.string().nullable(),
    unit: z.string().nullable(),
    price: z.string().nullable(),
    currency: z.string().nullable(),
    remarks: z.string().nullable(),
  })
  .meta({ id: 'Product' });
export const StockView = z
  .object({
    key: z.string(),
    productKey: z.string(),
    productName: z.string().nullable(),
    warehouse: z.string(),
    bin: z.string().nullable(),
    quantity: z.number(),
    remarks: z.string().nullable(),
  })
  .meta({ id: 'Stock' });
export const OrderLineView = z.object({
  productKey: z.string(),
  productName: z.string().nullable(),
  quantity: z.number(),
  unit: z.string().nullable(),
  unitPrice: z.string(),
  discount: z.number(),
  amount: z.string(),
});
export const OrderView = z
  .object({
    id: Id,
    key: z.string(),
    customerId: Id.nullable(),
    customerRef: z.string(),
    date: CalendarDate,
    status: z.enum(ORDER_STATUSES),
    currency: z.string(),
    address: z.string().nullable(),
    total: z.string(),
    lines: z.array(OrderLineView),
  })
  .meta({ id: 'Order' });
const FEED_KINDS = ['product', 'stock', 'order'] as const;
export const RejectionView = z.object({
  id: Id,
  kind: z.enum(FEED_KINDS),
  key: z.string().nullable(),
  reason: z.string(),
  item: z.unknown(),
  rejectedAt: Instant,
});

const orderList = {
  filters: { key: 'code', status: ORDER_STATUSES, customerId: 'id', date: 'date', currency: 'code' },
  sorts: ['date'],
  defaultSort: '-date',
} as const;
const feed = (path: string, summary: string, item: z.ZodType) =>
  ({
    method: 'PUT',
    path,
    access: 'sales-feed.write',
    summary,
    body: batchOf(item),
    response: FeedResult,
    bodyLimit: 8 * 1024 * 1024,
  }) as const;

export const SalesRoutes = defineRoutes('customer', 'sales', {
  feedProducts: feed('/sales-feed/products', 'Upsert products by key · 写入产品', ProductItem),
  feedStock: feed('/sales-feed/stock', 'Upsert stock by key · 写入库存', StockItem),
  feedOrders: feed('/sales-feed/orders', 'Upsert orders by key · 写入订单', OrderItem),
  listFeedRejections: {
    method: 'GET',
    path: '/sales-feed/rejections',
    access: 'order.read',
    summary: 'Items that were rejected, with the reason · 被拒绝的数据',
    list: {
      filters: { kind: FEED_KINDS, key: 'code', rejectedAt: 'instant' },
      sorts: ['rejectedAt'],
      defaultSort: '-rejectedAt',
    },
    response: page(RejectionView),
  },
  listProducts: {
    method: 'GET',
    path: '/products',
    access: 'product.read',
    summary: 'Products of the sales system · 产品列表',
    list: {
      filters: { key: 'code', type: 'code', name: 'contains' },
      sorts: ['name'],
      defaultSort: 'name',
      search: true,
    },
    response: page(ProductView),
  },
  getProduct: {
    method: 'GET',
    path: '/products/:key',
    access: 'product.read',
    summary: 'One product, by its key · 产品详情',
    response: ProductView,
  },
  listStock: {
    method: 'GET',
    path: '/stock',
    access: 'stock.read',
    summary: 'Stock by product or warehouse · 库存',
    list: {
      filters: { productKey: 'code', warehouse: 'code' },
      sorts: ['warehouse'],
      defaultSort: 'warehouse',
      search: true,
    },
    response: page(StockView),
  },
  listOrders: {
    method: 'GET',
    path: '/orders',
    access: 'order.read',
    summary: 'Orders · 订单列表',
    list: orderList,
    response: page(OrderView),
  },
  getOrder: {
    method: 'GET',
    path: '/orders/:id',
    access: 'order.read',
    summary: 'One order, by its id or its key · 订单详情',
    response: OrderView,
  },
  listUnmatchedOrders: {
    method: 'GET',
    path: '/orders/unmatched',
    access: 'order.read',
    summary: 'Orders whose customer is not known yet · 未匹配客户的订单',
    list: orderList,
    response: page(OrderView),
  },
  listCustomerOrders: {
    method: 'GET',
    path: '/customers/:id/orders',
    access: 'order.read',
    summary: 'Order history of a customer; q looks in number, address and products · 客户历史订单',
    list: { ...orderList, search: true },
    response: page(OrderView),
    record: 'customer',
  },
});
