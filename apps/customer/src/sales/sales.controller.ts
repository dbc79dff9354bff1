import { SalesRoutes, type Actor } from '#contracts';
import { CurrentActor, Handles, type ListQuery } from '#platform';
import { Controller, Param, Query } from '@nestjs/common';
import { SalesQueries } from './sales.queries.js';

/** What the sales system fed, to be read (FEED-4). */
@Controller()
export class SalesController {
  constructor(private readonly queries: SalesQueries) {}

  @Handles(SalesRoutes.listProducts)
  products(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.products(query, actor);
  }

  @Handles(SalesRoutes.getProduct)
  product(@Param('key') key: string) {
    return this.queries.product(key);
  }

  @Handles(SalesRoutes.listStock)
  stock(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.stock(query, actor);
  }

  @Handles(SalesRoutes.listOrders)
  orders(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.orders(query, actor);
  }

  @Handles(SalesRoutes.getOrder)
  order(@Param('id') id: string, @CurrentActor() actor: Actor) {
    return this.queries.order(id, actor);
  }

  @Handles(SalesRoutes.listUnmatchedOrders)
  unmatchedOrders(@Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.unmatchedOrders(query, actor);
  }

  @Handles(SalesRoutes.listCustomerOrders)
  ordersOfCustomer(@Param('id') customerId: string, @Query() query: ListQuery, @CurrentActor() actor: Actor) {
    return this.queries.ordersOf(customerId, query, actor);
  }
}
