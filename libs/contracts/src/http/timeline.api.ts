import { defineRoutes } from './define-routes.js';
import { page } from './fields.js';
import { TimelineEntry } from './marketing.api.js';

export const TimelineRoutes = defineRoutes('customer', 'timeline', {
  customerTimeline: {
    method: 'GET',
    path: '/customers/:id/timeline',
    access: 'customer.read',
    shownBy: ['order.read', 'ticket.read', 'churn.read'],
    summary: 'What happened to the customer, newest first · 客户动态',
    list: { filters: { act: 'code', at: 'instant' }, sorts: ['at'], defaultSort: '-at' },
    response: page(TimelineEntry),
    record: 'customer',
  },
});
