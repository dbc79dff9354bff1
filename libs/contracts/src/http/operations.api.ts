import { z } from 'zod';
import { defineRoutes, SERVICES, type ServiceName, type ServiceRoute } from './define-routes.js';
import { Id, Instant, page, text } from './fields.js';

/** `dead`: failed for good. `queued`: a later event of the same record that waits behind it. */
const DEAD_LETTER_STATUSES = ['retrying', 'dead', 'queued', 'discarded'] as const;
export const DeadLetterView = z
  .object({
    id: Id,
    consumer: z.string(),
    aggregateId: z.string(),
    sequence: z.int().nullable(),
    type: z.string(),
    status: z.enum(DEAD_LETTER_STATUSES),
    attempts: z.int(),
    error: z.string().nullable(),
    event: z.unknown(),
    at: Instant,
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.infer<typeof DeadLetterView>;
export const DeadLetterResult = z.object({
  applied: z.int().meta({ description: 'Events of this record that went in' }),
  remaining: z.int().meta({ description: 'Events of this record that still wait' }),
});
export const DiscardReason = z.strictObject({ reason: text(500) });

/** The dead letters of one service: events that it could not process, and what waits behind them. */
export const deadLetterRoutes = (service: ServiceName) => {
  const path = `/operations/${service}/dead-letters`;
  return defineRoutes(service, 'operations', {
    listDeadLetters: {
      method: 'GET',
      path,
      access: 'event.operate',
      summary: 'Events that could not be processed · 死信列表',
      list: {
        filters: { status: DEAD_LETTER_STATUSES, consumer: 'code', aggregateId: 'code' },
        sorts: ['at'],
        defaultSort: '-at',
      },
      response: page(DeadLetterView),
    },
    getDeadLetter: {
      method: 'GET',
      path: `${path}/:id`,
      access: 'event.operate',
      summary: 'One dead letter with its event and error · 死信详情',
      response: DeadLetterView,
      record: 'dead-letter',
    },
    resendDeadLetter: {
      method: 'POST',
      path: `${path}/:id/resend`,
      access: 'event.operate',
      summary: 'Process the record’s queue again, in order · 重新处理',
      response: DeadLetterResult,
      record: 'dead-letter',
    },
    discardDeadLetter: {
      method: 'POST',
      path: `${path}/:id/discard`,
      access: 'event.operate',
      summary: 'Give this event up and go on behind it · 丢弃',
      body: DiscardReason,
      response: DeadLetterResult,
      record: 'dead-letter',
    },
  });
};

export const OPERATIONS_ROUTES: readonly ServiceRoute[] = SERVICES.flatMap((service) =>
  Object.values<ServiceRoute>(deadLetterRoutes(service)).map((route) => ({
    ...route,
    name: `${service}.${route.name}`,
  })),
);
