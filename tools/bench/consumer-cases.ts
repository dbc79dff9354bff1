import type pg from 'pg';
import { v7 } from 'uuid';
import type { NewEvent, ServiceName } from '#contracts';
import { customerEvents, customersOf, orderEvents, userEvents, wonEvents } from './sample-events.js';

type Statement = readonly [text: string, values: readonly unknown[]];
type Data = Record<string, unknown>;

/** One kind of work that events make for a service. */
export interface ConsumerCase {
  readonly service: ServiceName;
  readonly work: string;
  /** Says what makes it more than a copy of a record; the target is not for it. */
  readonly heavy?: string;
  /** Rows that the events meet, in the service's own database. @returns their ids */
  readonly prepare?: (database: pg.Client, records: number) => Promise<string[]>;
  readonly events: (records: number, prepared: string[]) => NewEvent[];
  /** What `pg` alone has to write for one event, besides the place of the record. */
  readonly floor: (data: Data) => readonly Statement[];
}

const EACH = 4;

const person = ({ userId, username, displayName, status, roles }: Data): Statement[] => [
  [
    `INSERT INTO person (id, username, display_name, status, roles) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (id) DO UPDATE SET username = excluded.username, display_name = excluded.display_name,
       status = excluded.status, roles = excluded.roles`,
    [userId, username, displayName, status, roles],
  ],
];
const published = (aggregate: string, type: string, id: unknown, data: Data): Statement[] => [
  [
    `INSERT INTO event_sequence AS s (aggregate, aggregate_id, sequence) VALUES ($1, $2, 1)
     ON CONFLICT (aggregate, aggregate_id) DO UPDATE SET sequence = s.sequence + 1`,
    [aggregate, id],
  ],
  [
    `INSERT INTO outbox (event_id, aggregate, aggregate_id, sequence, type, data, published_at)
     VALUES ($1, $2, $3, 1, $4, $5, now())`,
    [v7(), aggregate, id, type, JSON.stringify(data)],
  ],
];

export const CONSUMER_CASES: readonly ConsumerCase[] = [
  { service: 'marketing', work: 'UserCreated, UserUpdated', events: (n) => userEvents(n, EACH), floor: person },
  {
    service: 'marketing',
    work: 'CustomerCreated of a won opportunity',
    heavy: 'Links the won opportunity to its customer: changes its row, keeps its history, publishes an event',
    prepare: wonOpportunities,
    events: (_, ids) => customersOf(ids),
    floor: (data) => [
      [
        'UPDATE opportunity SET customer_id = $2, version = version + 1 WHERE id = $1',
        [data.sourceOpportunityId, data.customerId],
      ],
      [
        `INSERT INTO opportunity_history (opportunity_id, act, details) VALUES ($1, 'linked', $2)`,
        [data.sourceOpportunityId, JSON.stringify({ customerId: data.customerId })],
      ],
      ...published('opportunity', 'crm.marketing.opportunity.linked.v1', data.sourceOpportunityId, {
        opportunityId: data.sourceOpportunityId,
        customerId: data.customerId,
      }),
    ],
  },
  { service: 'customer', work: 'UserCreated, UserUpdated', events: (n) => userEvents(n, EACH), floor: person },
  {
    service: 'customer',
    work: 'OpportunityWon',
    heavy: 'Creates a customer with its first contact and what it is found by, and publishes two events',
    events: (n) => wonEvents(n),
    floor: (data) => {
      const [id, contactId] = [v7(), v7()];
      return [
        [
          `INSERT INTO customer (id, code, version, status, name, folded_name, owner_id, region, tags, source_opportunity_id, search_text, created_at)
           VALUES ($1, $2, 1, 'active', $3, lower($3), $4, $5, '{}', $6, lower($3), now())`,
          [id, `FLOOR-${id}`, data.customerName, data.assigneeId, data.region, data.opportunityId],
        ],
        [
          `INSERT INTO contact (id, customer_id, version, name, office_phone, is_primary, tags, created_at)
           VALUES ($1, $2, 1, $3, $4, true, '{}', now())`,
          [contactId, id, data.contactName, data.contactPhone],
        ],
        ...published('customer', 'crm.customer.customer.created.v1', id, { customerId: id, name: data.customerName }),
        ...published('contact', 'crm.customer.contact.added.v1', contactId, { contactId, customerId: id }),
      ];
    },
  },
  {
    service: 'service',
    work: 'CustomerCreated, CustomerUpdated',
    events: (n) => customerEvents(n, EACH),
    floor: ({ customerId, name }) => [
      [
        `INSERT INTO customer (id, name, search_text, deleted) VALUES ($1, $2, lower($2), false)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, search_text = excluded.search_text, deleted = excluded.deleted`,
        [customerId, name],
      ],
    ],
  },
  {
    service: 'reporting',
    work: 'CustomerCreated, CustomerUpdated',
    events: (n) => customerEvents(n, EACH),
    floor: ({ customerId, name, ownerId }) => [
      [
        `INSERT INTO customer (id, name, name_folded, owner_id, deleted) VALUES ($1, $2, $2, $3, false)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_folded = excluded.name_folded, owner_id = excluded.owner_id`,
        [customerId, name, ownerId],
      ],
    ],
  },
  {
    service: 'reporting',
    work: 'OrderRecorded',
    events: (n) => orderEvents(n * 2, 2),
    floor: ({ orderId, key, customerId, date, currency, total }) => {
      const year = Number(String(date).slice(0, 4));
      return [
        [
          `INSERT INTO customer_order (id, key, customer_id, year, currency, amount, counted) VALUES ($1, $2, $3, $4, $5, $6, true)
           ON CONFLICT (id) DO UPDATE SET amount = excluded.amount`,
          [orderId, key, customerId, year, currency, total],
        ],
        [
          `INSERT INTO contribution AS c (customer_id, year, currency, amount, orders) VALUES ($1, 0, $3, $4, 1), ($1, $2, $3, $4, 1)
           ON CONFLICT (customer_id, year, currency) DO UPDATE SET amount = c.amount + excluded.amount, orders = c.orders + 1`,
          [customerId, year, currency, total],
        ],
      ];
    },
  },
];

async function wonOpportunities(database: pg.Client, records: number): Promise<string[]> {
  const ids = Array.from({ length: records }, () => v7());
  await database.query(
    `INSERT INTO opportunity (id, code, version, status, stage, customer_name, summary, description, success_rate, creator_id,
                              created_at, assignee_id, assigned_at, closed_at, search_text)
     SELECT id, 'BENCH-' || id, 1, 'won', 'negotiation', 'Company ' || id, 'Measured', 'Measured', 90, $2, now(), $2, now(), now(), ''
       FROM unnest($1::uuid[]) AS id`,
    [ids, v7()],
  );
  return ids;
}
