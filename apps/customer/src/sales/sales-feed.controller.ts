import { SalesRoutes, type Actor } from '#contracts';
import { CurrentActor, Handles, type ListQuery } from '#platform';
import { Body, Controller, Query } from '@nestjs/common';
import { SalesFeedService } from './sales-feed.service.js';
import { SalesQueries } from './sales.queries.js';

interface Batch {
  readonly items: unknown[];
}

/** The door of the sales system. */
@Controller()
export class SalesFeedController {
  constructor(
    private readonly feed: SalesFeedService,
    private readonly queries: SalesQueries,
  ) {}

  @Handles(SalesRoutes.feedProducts)
  products(@Body() body: Batch) {
    return this.feed.feed('products', body.items);
  }

  @Handles(SalesRoutes.feedStock)
  stock(@Body() body: Batch) {
    return this.feed.feed('stock', body.items);
  }

  @Handles(SalesRoutes.feedOrders)
  orders(@Body() body: Batch) {
    return this.feed.feed('orders', body.items);
  }

  @Handles(SalesRoutes.listFeedRejections)
  rejections(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.rejections(query, actor);
  }
}
