import { SalesRoutes } from '#contracts';
import { CurrentContext, Handles, type ListQuery, type RequestContext } from '#platform';
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
  products(@CurrentContext() context: RequestContext, @Body() body: Batch) {
    return this.feed.feed(context, 'products', body.items);
  }

  @Handles(SalesRoutes.feedStock)
  stock(@CurrentContext() context: RequestContext, @Body() body: Batch) {
    return this.feed.feed(context, 'stock', body.items);
  }

  @Handles(SalesRoutes.feedOrders)
  orders(@CurrentContext() context: RequestContext, @Body() body: Batch) {
    return this.feed.feed(context, 'orders', body.items);
  }

  @Handles(SalesRoutes.listFeedRejections)
  rejections(@CurrentContext() context: RequestContext, @Query() query: ListQuery) {
    return this.queries.rejections(context, query);
  }
}
