import { SERVICES, type ServiceName } from '../http/define-routes.js';
import { SALES_CONSUMER, SALES_SUBJECTS } from './sales-feed.js';
import { STREAMS, wakeSubject } from './streams.js';
import { consumersOf } from './topology.js';

export interface NatsUser {
  readonly user: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Every user has an inbox of its own, so that nobody can listen to another's answers. */
export const inboxPrefix = (user: string): string => `_INBOX_${user}`;

/** Business events that other systems may read (EVT-5); users and sessions stay inside. */
const BUSINESS: readonly ServiceName[] = ['marketing', 'customer', 'service'];

/** The durable consumers that an outside system may make: one for each service whose events it reads. */
export const partnerConsumer = (user: string, publisher: string): string => `${user}-${publisher}`;

const inbox = (user: string) => `${inboxPrefix(user)}.>`;

const consume = (stream: string, consumer: string, filter: string): string[] => [
  `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${filter}`,
  `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
  `$JS.ACK.${stream}.${consumer}.>`,
];

const manageStream = (stream: string): string[] => [
  `$JS.API.STREAM.CREATE.${stream}`,
  `$JS.API.STREAM.UPDATE.${stream}`,
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
];

function serviceUser(service: ServiceName): NatsUser {
  const crm = STREAMS.CRM.name;
  const publish = [
    `crm.${service}.>`,
    wakeSubject(service),
    '$JS.API.INFO',
    ...manageStream(crm),
    ...consumersOf(service).flatMap(({ name, filterSubject }) => [
      ...consume(crm, name, filterSubject),
      `$JS.API.CONSUMER.DELETE.${crm}.${name}`,
    ]),
  ];
  if (service === 'customer')
    publish.push(
      ...manageStream(STREAMS.SALES.name),
      ...consume(STREAMS.SALES.name, SALES_CONSUMER, STREAMS.SALES.subjects[0]),
      `$JS.API.CONSUMER.DELETE.${STREAMS.SALES.name}.${SALES_CONSUMER}`,
    );
  return { user: service, publish, subscribe: [inbox(service), wakeSubject(service)] };
}

function partner(user: string, extra: readonly string[] = []): NatsUser {
  const publish = BUSINESS.flatMap((publisher) =>
    consume(STREAMS.CRM.name, partnerConsumer(user, publisher), `crm.${publisher}.>`),
  );
  return {
    user,
    publish: [...publish, `$JS.API.STREAM.INFO.${STREAMS.CRM.name}`, '$JS.API.INFO', ...extra],
    subscribe: [inbox(user), ...BUSINESS.map((publisher) => `crm.${publisher}.>`)],
  };
}

/** Who may publish and subscribe to what; everything else is denied. */
export function natsUsers(): NatsUser[] {
  return [
    ...SERVICES.map(serviceUser),
    { user: 'gateway', publish: [], subscribe: [inbox('gateway'), 'crm.auth.>'] },
    partner('partner'),
    partner('sales-system', Object.values(SALES_SUBJECTS)),
  ];
}
