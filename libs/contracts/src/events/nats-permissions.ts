import { SERVICES, type ServiceName } from '../http/define-routes.js';
import { SALES_CONSUMER, SALES_SUBJECTS } from './sales-feed.js';
import { STREAMS, wakeSubject } from './streams.js';
import { consumersOf } from './topology.js';

/** A user and the subjects that it may use; everything else is denied. */
export interface NatsUser {
  readonly user: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** An account is a closed space of subjects: from one to another goes only what one exports and the other imports. */
export interface NatsAccount {
  readonly name: string;
  readonly jetstream: boolean;
  readonly users: readonly NatsUser[];
  /** In nats-server's own form. */
  readonly exports: readonly object[];
  readonly imports: readonly object[];
}

/** Another company's system that reads business events. */
interface OutsideSystem {
  readonly user: string;
  readonly account: string;
  /** What it may publish, beside reading. */
  readonly feeds: readonly string[];
}

/** A passage from the CRM's account to an outside system's. */
interface Passage {
  readonly kind: 'stream' | 'service';
  readonly subject: string;
  /** The subject in the outside system's account, where it is another. */
  readonly to?: string;
  /** Whether a request has many answers. */
  readonly streamed?: boolean;
}

/** Every user has an inbox of its own, so that nobody can listen to another's answers. */
export const inboxPrefix = (user: string): string => `_INBOX_${user}`;

/** Where an outside system finds the JetStream API of the CRM's account; its own account has none. */
export const OUTSIDE_API_PREFIX = 'CRM.API';

/** Business events that other systems may read (EVT-5); users and sessions stay inside. */
const BUSINESS: readonly ServiceName[] = ['marketing', 'customer', 'service'];

const OUTSIDE: readonly OutsideSystem[] = [
  { user: 'partner', account: 'PARTNER', feeds: [] },
  { user: 'sales-system', account: 'SALES_SYSTEM', feeds: Object.values(SALES_SUBJECTS) },
];

const CRM = STREAMS.CRM.name;
const businessEvents = (publisher: string) => `crm.${publisher}.>`;
const outsideConsumer = (user: string, publisher: string) => `${user}-${publisher}`;
const inbox = (user: string) => `${inboxPrefix(user)}.>`;

/** The durable consumers of outside systems on this service's events. The service makes them: who may make one could read anything. */
export const outsideConsumersOn = (publisher: ServiceName): Array<{ name: string; filterSubject: string }> =>
  BUSINESS.includes(publisher)
    ? OUTSIDE.map(({ user }) => ({
        name: outsideConsumer(user, publisher),
        filterSubject: businessEvents(publisher),
      }))
    : [];

/** What the operator of each outside system is told: its user, and its durable consumer for each service. */
export const outsideSystems = (): Array<{
  user: string;
  apiPrefix: string;
  inboxPrefix: string;
  consumers: Record<string, string>;
}> =>
  OUTSIDE.map(({ user }) => ({
    user,
    apiPrefix: OUTSIDE_API_PREFIX,
    inboxPrefix: inboxPrefix(user),
    consumers: Object.fromEntries(BUSINESS.map((publisher) => [publisher, outsideConsumer(user, publisher)])),
  }));

const ensureConsumer = (stream: string, consumer: string, filter: string): string[] => [
  `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${filter}`,
  `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
];

const consume = (stream: string, consumer: string, filter: string): string[] => [
  ...ensureConsumer(stream, consumer, filter),
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
  `$JS.ACK.${stream}.${consumer}.>`,
  `$JS.API.CONSUMER.DELETE.${stream}.${consumer}`,
];

/** Whoever reads a stream makes it if it is missing, and looks whether it still has the last message that was read. */
const useStream = (stream: string): string[] => [
  `$JS.API.STREAM.CREATE.${stream}`,
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
];

function serviceUser(service: ServiceName): NatsUser {
  const publish = [
    businessEvents(service),
    wakeSubject(service),
    '$JS.API.INFO',
    ...useStream(CRM),
    ...consumersOf(service).flatMap(({ name, filterSubject }) => consume(CRM, name, filterSubject)),
    ...outsideConsumersOn(service).flatMap(({ name, filterSubject }) => ensureConsumer(CRM, name, filterSubject)),
  ];
  if (service === 'customer')
    publish.push(
      ...useStream(STREAMS.SALES.name),
      ...consume(STREAMS.SALES.name, SALES_CONSUMER, STREAMS.SALES.subjects[0]),
    );
  return { user: service, publish, subscribe: [inbox(service), wakeSubject(service)] };
}

function passages({ user, feeds }: OutsideSystem): Passage[] {
  const reading = BUSINESS.flatMap((publisher): Passage[] => {
    const consumer = `${CRM}.${outsideConsumer(user, publisher)}`;
    const api = (call: string) => ({
      subject: `$JS.API.${call}.${consumer}`,
      to: `${OUTSIDE_API_PREFIX}.${call}.${consumer}`,
    });
    return [
      { kind: 'stream', subject: businessEvents(publisher) },
      { kind: 'service', ...api('CONSUMER.INFO') },
      { kind: 'service', ...api('CONSUMER.MSG.NEXT'), streamed: true },
      { kind: 'service', subject: `$JS.ACK.${consumer}.>` },
    ];
  });
  return [...reading, ...feeds.map((subject): Passage => ({ kind: 'service', subject }))];
}

/**
 * An account of its own: nats-server checks neither the reply subject of a request nor where a consumer delivers, so inside one
 * account whoever may ask JetStream anything can make it write anywhere. Between accounts a reply stays in the asker's.
 */
function outsideAccount(system: OutsideSystem): NatsAccount {
  const ways = passages(system);
  const local = (kind: Passage['kind']) =>
    ways.filter((way) => way.kind === kind).map(({ subject, to }) => to ?? subject);
  return {
    name: system.account,
    jetstream: false,
    users: [{ user: system.user, publish: local('service'), subscribe: [inbox(system.user), ...local('stream')] }],
    exports: [],
    imports: ways.map(({ kind, subject, to }) => ({ [kind]: { account: CRM, subject }, ...(to ? { to } : {}) })),
  };
}

/** What several outside systems may have is one export: nats-server knows one for each subject. */
function exported(): object[] {
  const bySubject = new Map<string, { passage: Passage; accounts: string[] }>();
  for (const system of OUTSIDE)
    for (const passage of passages(system)) {
      const entry = bySubject.get(passage.subject) ?? { passage, accounts: [] };
      entry.accounts.push(system.account);
      bySubject.set(passage.subject, entry);
    }
  return [...bySubject.values()].map(({ passage: { kind, subject, streamed }, accounts }) => ({
    [kind]: subject,
    ...(streamed ? { response_type: 'stream' } : {}),
    accounts,
  }));
}

/** Who may publish and subscribe to what: the CRM's account, with users beside the usual ones if there are any, and one for each outside system. */
export function natsAccounts(moreInside: readonly NatsUser[] = []): NatsAccount[] {
  const gateway = { user: 'gateway', publish: [], subscribe: [inbox('gateway'), 'crm.auth.>'] };
  const inside = {
    name: CRM,
    jetstream: true,
    users: [...SERVICES.map(serviceUser), gateway, ...moreInside],
    exports: exported(),
    imports: [],
  };
  return [inside, ...OUTSIDE.map(outsideAccount)];
}

export const natsUsers = (): NatsUser[] => natsAccounts().flatMap(({ users }) => users);

/** nats-server's setting `accounts`. */
export const accountsSetting = (
  accounts: readonly NatsAccount[],
  passwordOf: (user: string) => string,
): Record<string, object> =>
  Object.fromEntries(
    accounts.map(({ name, jetstream, users, exports, imports }) => [
      name,
      {
        ...(jetstream ? { jetstream: 'enabled' } : {}),
        users: users.map(({ user, publish, subscribe }) => ({
          user,
          password: passwordOf(user),
          permissions: { publish: permission(publish), subscribe: permission(subscribe) },
        })),
        exports,
        imports,
      },
    ]),
  );

/** nats-server takes an empty allow list for "everything". */
const permission = (subjects: readonly string[]): object =>
  subjects.length > 0 ? { allow: subjects } : { deny: ['>'] };
