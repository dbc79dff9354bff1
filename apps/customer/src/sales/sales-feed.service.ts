import type { FeedKind, FeedResult } from '#contracts';
import { UnitOfWork, type Tx, type RequestContext } from '#platform';
import { Injectable } from '@nestjs/common';
import { feedOrders } from './order-feed.js';
import { feedProducts } from './product-feed.js';
import { feedStock } from './stock-feed.js';

const FEEDS: Record<FeedKind, (tx: Tx, items: readonly unknown[]) => Promise<FeedResult>> = {
  products: feedProducts,
  stock: feedStock,
  orders: feedOrders,
};

/** What the sales system feeds, over REST and NATS alike: safe to repeat, late or out of order. */
@Injectable()
export class SalesFeedService {
  constructor(private readonly uow: UnitOfWork) {}

  feed(context: RequestContext, kind: FeedKind, items: readonly unknown[]): Promise<FeedResult> {
    return this.uow.run(context, (tx) => FEEDS[kind](tx, items));
  }
}
