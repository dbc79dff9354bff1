import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { consumersOf, inboxPrefix, SERVICES, STREAMS } from '#contracts';
import type { Cluster } from './cluster.js';

/** Asks the broker with a service's own rights. */
export async function asService<T>(
  cluster: Cluster,
  service: string,
  work: (request: (subject: string) => Promise<unknown>) => Promise<T>,
): Promise<T> {
  const { user = service, password } = cluster.foundations.natsLogins[service]!;
  const connection = await connect({
    servers: cluster.foundations.natsUrl,
    user,
    pass: password,
    inboxPrefix: inboxPrefix(user),
    timeout: 2000,
    reconnect: false,
  });
  try {
    return await work(async (subject) => {
      const answer = (await connection.request(subject, '', { timeout: 3000 })).json<{
        error?: { description: string };
      }>();
      if (answer.error) throw new Error(answer.error.description);
      return answer;
    });
  } finally {
    await connection.close();
  }
}

/** As an operator who replays without knowing what was applied. @returns how many events */
export async function publishAgain(cluster: Cluster, service: string): Promise<number> {
  const { user = service, password } = cluster.foundations.natsLogins[service]!;
  const connection = await connect({
    servers: cluster.foundations.natsUrl,
    user,
    pass: password,
    inboxPrefix: inboxPrefix(user),
  });
  try {
    const js = jetstream(connection);
    const rows = await cluster.query<{ type: string; event: object }>(
      `SELECT type, json_build_object('specversion', '1.0', 'id', event_id, 'source', '/crm/${service}', 'type', type, 'subject', aggregate_id,
         'time', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'datacontenttype', 'application/json',
         'sequence', sequence, 'data', data) AS event FROM ${service}.outbox ORDER BY id`,
    );
    for (const { type, event } of rows) await js.publish(type, JSON.stringify(event));
    return rows.length;
  } finally {
    await connection.close();
  }
}

/** The broker has nothing left for them, and every message was settled. */
export async function untilConsumersAreDone(cluster: Cluster): Promise<void> {
  for (const service of SERVICES)
    for (const { name } of consumersOf(service))
      await cluster.until(
        () =>
          asService(cluster, service, async (request) => {
            const info = (await request(`$JS.API.CONSUMER.INFO.${STREAMS.CRM.name}.${name}`)) as {
              num_pending: number;
              num_ack_pending: number;
              delivered: { stream_seq: number };
            };
            return info.num_pending === 0 && info.num_ack_pending === 0 && info.delivered.stream_seq > 0;
          }),
        `${name} does not finish`,
      );
}
