import {
  Envelope,
  type EventDefinition,
  type FeedKind,
  type Flow,
  natsUsers,
  OrderItem,
  ProductItem,
  SALES_SUBJECTS,
  StockItem,
  TOPOLOGY,
} from '#contracts';
import { exampleOf } from './event-snapshots.js';
import { type JsonSchema, publishedSchema } from './json-schema.js';

const FEED_ITEMS = { products: ProductItem, stock: StockItem, orders: OrderItem } as const;

/** The catalogue of events as AsyncAPI 3.0, from the CRM's point of view: it sends events and receives the sales feed. */
export function asyncApiDocument(version: string): JsonSchema {
  const feeds = Object.keys(SALES_SUBJECTS) as FeedKind[];
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Event-driven CRM: events',
      version,
      description:
        'Facts of the CRM as CloudEvents 1.0 (structured JSON) on NATS JetStream, stream CRM. Within a version fields are only added. ' +
        '`x-listeners` are the services of the CRM that act on an event; `x-readable-by-partners` says whether other systems may read it.',
    },
    defaultContentType: 'application/json',
    servers: {
      nats: { host: 'localhost:4222', protocol: 'nats', security: [{ $ref: '#/components/securitySchemes/login' }] },
    },
    channels: Object.fromEntries([...TOPOLOGY.map(eventChannel), ...feeds.map(feedChannel)]),
    operations: Object.fromEntries([...TOPOLOGY.map(({ event }) => sending(event)), ...feeds.map(receiving)]),
    components: {
      securitySchemes: { login: { type: 'userPassword', description: 'NATS user and password' } },
      schemas: {
        Envelope: publishedSchema(Envelope, 'draft-7'),
        ...Object.fromEntries(TOPOLOGY.map(({ event }) => [event.type, publishedSchema(event.data, 'draft-7')])),
        ...Object.fromEntries(
          feeds.map((kind) => [SALES_SUBJECTS[kind], publishedSchema(FEED_ITEMS[kind], 'draft-7', 'input')]),
        ),
      },
      messages: Object.fromEntries([...TOPOLOGY.map(({ event }) => eventMessage(event)), ...feeds.map(feedMessage)]),
    },
  };
}

/** Whether another system's NATS user may subscribe to the event (EVT-5). */
export function isReadableByPartners({ publisher }: EventDefinition): boolean {
  return natsUsers().some(({ user, subscribe }) => user === 'partner' && subscribe.includes(`crm.${publisher}.>`));
}

const channelRef = (name: string) => ({ $ref: `#/channels/${name}` });
const messageRef = (name: string) => ({ [name]: { $ref: `#/components/messages/${name}` } });
const schemaRef = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function eventChannel({ event, to }: Flow): [string, JsonSchema] {
  return [
    event.type,
    {
      address: event.type,
      description: event.description,
      messages: messageRef(event.type),
      'x-publisher': event.publisher,
      'x-listeners': to,
      'x-readable-by-partners': isReadableByPartners(event),
    },
  ];
}

function eventMessage({ type, publisher, description, data }: EventDefinition): [string, JsonSchema] {
  const payload = {
    allOf: [
      schemaRef('Envelope'),
      { type: 'object', properties: { type: { const: type }, data: schemaRef(type) }, required: ['data'] },
    ],
  };
  const example = {
    ...(exampleOf(publishedSchema(Envelope)) as object),
    source: `/crm/${publisher}`,
    type,
    data: exampleOf(publishedSchema(data)),
  };
  return [type, { name: type, summary: description, payload, examples: [{ payload: example }] }];
}

function sending({ type, publisher, description }: EventDefinition): [string, JsonSchema] {
  return [
    `${publisher}.sends.${type}`,
    { action: 'send', channel: channelRef(type), summary: description, tags: [{ name: publisher }] },
  ];
}

function feedChannel(kind: FeedKind): [string, JsonSchema] {
  const subject = SALES_SUBJECTS[kind];
  return [
    subject,
    {
      address: subject,
      description: `The sales system feeds ${kind}; the larger version of a key wins, a repeated one changes nothing.`,
      messages: messageRef(subject),
      'x-publisher': 'sales-system',
      'x-listeners': ['customer'],
    },
  ];
}

function feedMessage(kind: FeedKind): [string, JsonSchema] {
  const subject = SALES_SUBJECTS[kind];
  const item = schemaRef(subject);
  const items = { type: 'array', items: item, minItems: 1, maxItems: 1000 };
  const batch = { type: 'object', properties: { items }, required: ['items'], additionalProperties: false };
  return [subject, { name: subject, summary: 'One item, or up to 1000 at a time', payload: { oneOf: [item, batch] } }];
}

function receiving(kind: FeedKind): [string, JsonSchema] {
  const subject = SALES_SUBJECTS[kind];
  return [
    `customer.receives.${subject}`,
    {
      action: 'receive',
      channel: channelRef(subject),
      summary: `Upserts ${kind} by key`,
      tags: [{ name: 'customer' }],
    },
  ];
}
