import { jetstream } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { consumersOf, inboxPrefix, SALES_CONSUMER, SALES_SUBJECTS, SERVICES, STREAMS } from '#contracts';
import type { Cluster } from './cluster.js';

/** A connection with a service's own rights, for as long as the work takes. */
async function connected<T>(
  { foundations }: Cluster,
  service: string,
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const { user = service, password } = foundations.natsLogins[service]!;
  const connection = await connect({
    servers: foundations.natsUrl,
    user,
    pass: password,
    inboxPrefix: inboxPrefix(user),
    timeout: 2000,
    reconnect: false,
  });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** Asks the broker with a service's own rights. */
const asService = <T>(
  cluster: Cluster,
  service: string,
  work: (request: (subject: string) => Promise<unknown>) => Promise<T>,
): Promise<T> =>
  connected(cluster, service, (connection) =>
    work(async (subject) => {
      const reply = await connection.request(subject, '', { timeout: 3000 });
      const answer = reply.json<{ error?: { description: string } }>();
      if (answer.error) throw new Error(answer.error.description);
      return answer;
    }),
  );

/** Removes a consumer as soon as it is there: after a loss it may still be being made again. */
export const removeConsumer = (cluster: Cluster, service: string, name: string): Promise<void> =>
  cluster.until(async () => {
    await asService(cluster, service, (request) => request(`$JS.API.CONSUMER.DELETE.${STREAMS.CRM.name}.${name}`));
    return true;
  }, `${name} cannot be removed`);

/** As an operator who replays without knowing what was applied. @returns how many events */
export const publishAgain = (cluster: Cluster, service: string): Promise<number> =>
  connected(cluster, service, async (connection) => {
    const js = jetstream(connection);
    const rows = await cluster.query<{ type: string; event: object }>(
      `SELECT type, json_build_object('specversion', '1.0', 'id', event_id, 'source', '/crm/${service}', 'type', type, 'subject', aggregate_id,
         'time', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'datacontenttype', 'application/json',
         'sequence', sequence, 'data', data) AS event FROM ${service}.outbox ORDER BY id`,
    );
    for (const { type, event } of rows) await js.publish(type, JSON.stringify(event));
    return rows.length;
  });

interface Backlog {
  /** Messages that nobody has been given yet, and those that are not settled yet. */
  readonly waiting: number;
  /** Whether it was ever given one. */
  readonly begun: boolean;
}

const backlogOf = (cluster: Cluster, service: string, stream: string, consumer: string): Promise<Backlog> =>
  asService(cluster, service, async (request) => {
    const info = (await request(`$JS.API.CONSUMER.INFO.${stream}.${consumer}`)) as {
      num_pending: number;
      num_ack_pending: number;
      delivered: { stream_seq: number };
    };
    return { waiting: info.num_pending + info.num_ack_pending, begun: info.delivered.stream_seq > 0 };
  });

/** The broker has nothing left for them, and every message was settled. */
export async function untilConsumersAreDone(cluster: Cluster): Promise<void> {
  for (const service of SERVICES)
    for (const { name } of consumersOf(service))
      await cluster.until(async () => {
        const { waiting, begun } = await backlogOf(cluster, service, STREAMS.CRM.name, name);
        return waiting === 0 && begun;
      }, `${name} does not finish`);
}

/** How many messages of the sales system are not taken in yet. */
export const salesFeedBacklog = async (cluster: Cluster): Promise<number> =>
  (await backlogOf(cluster, 'customer', STREAMS.SALES.name, SALES_CONSUMER)).waiting;

export const untilFeedIsTakenIn = (cluster: Cluster, withinMs: number): Promise<void> =>
  cluster.until(
    async () => (await salesFeedBacklog(cluster)) === 0,
    'the orders that NATS has are not taken in',
    withinMs,
  );

/** Until NATS answers: what its health page says is no proof. */
export const untilNatsAnswers = (cluster: Cluster): Promise<void> =>
  cluster.until(
    () =>
      asService(cluster, 'marketing', (request) => request(`$JS.API.STREAM.INFO.${STREAMS.CRM.name}`)).then(() => true),
    'NATS does not come back',
  );

/** The sales system's own connection to the broker, over which it feeds orders. */
export class SalesSystem {
  /** Messages that the broker keeps, each once. */
  acknowledged = 0;

  private constructor(private readonly connection: NatsConnection) {}

  static async connect({ foundations }: Cluster): Promise<SalesSystem> {
    const user = 'sales-system';
    const connection = await connect({
      servers: foundations.natsUrl,
      user,
      pass: foundations.secrets.natsPasswords[user],
      inboxPrefix: inboxPrefix(user),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      ignoreAuthErrorAbort: true,
    });
    return new SalesSystem(connection);
  }

  /** @returns as an HTTP status: 202 when the broker keeps them, 0 when it is not known whether it does */
  async feedOrders(items: readonly object[], key: string): Promise<number> {
    try {
      const body = JSON.stringify({ items });
      const { duplicate } = await jetstream(this.connection).publish(SALES_SUBJECTS.orders, body, { msgID: key });
      if (!duplicate) this.acknowledged += 1;
      return 202;
    } catch {
      return 0;
    }
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
