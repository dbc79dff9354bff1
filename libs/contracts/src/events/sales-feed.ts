/** Where the sales system publishes; the body is that of `PUT /sales-feed/<kind>` or a single item. */
export const SALES_SUBJECTS = {
  products: 'sales.products',
  stock: 'sales.stock',
  orders: 'sales.orders',
} as const;
export type FeedKind = keyof typeof SALES_SUBJECTS;
/** The customer service's durable consumer on the SALES stream. */
export const SALES_CONSUMER = 'customer-sales-feed';
