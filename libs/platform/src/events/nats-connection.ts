import { inboxPrefix, STREAMS } from '#contracts';
import {
  AckPolicy,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Logger } from '../logging/logger.js';

export interface NatsSettings {
  NATS_URL: string;
  NATS_USER?: string;
  NATS_PASSWORD?: string;
}

/**
 * One connection to NATS that never gives up: the client's defaults close it for good after 20 s without a broker, and notice
 * a broker that hangs only after minutes. Resolves at the first connection, however long that takes.
 */
export async function connectNats(name: string, settings: NatsSettings, logger: Logger): Promise<NatsConnection> {
  const connection = await connect({
    servers: settings.NATS_URL.split(','),
    name,
    user: settings.NATS_USER,
    pass: settings.NATS_PASSWORD,
    inboxPrefix: settings.NATS_USER ? inboxPrefix(settings.NATS_USER) : undefined,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    reconnectJitter: 250,
    waitOnFirstConnect: true,
    ignoreAuthErrorAbort: true,
    pingInterval: 5000,
    maxPingOut: 2,
    timeout: 5000,
    // Each request would make an Error for its stack, and a consumer's pull is one.
    noAsyncTraces: true,
  });
  void (async () => {
    for await (const status of connection.status())
      if (status.type === 'disconnect' || status.type === 'reconnect')
        logger.warn({ nats: status.type }, `NATS ${status.type}`);
      else if (status.type === 'error') logger.warn({ err: status.error }, 'NATS refused something');
  })();
  return connection;
}

const DUPLICATE_WINDOW_NS = 120_000_000_000;

/** Makes the stream when it is missing, and refuses one whose settings are not what was asked for. */
export async function ensureStream(manager: JetStreamManager, stream: keyof typeof STREAMS): Promise<void> {
  const { name, subjects } = STREAMS[stream];
  const wanted: Partial<StreamConfig> & { name: string } = {
    name,
    subjects: [...subjects],
    retention: 'limits',
    storage: 'file',
    discard: 'new',
    duplicate_window: DUPLICATE_WINDOW_NS,
  };
  const echoed = await manager.streams.info(name).catch(async (error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return manager.streams.add(wanted);
    throw error;
  });
  for (const [key, value] of Object.entries(wanted)) {
    const got = echoed.config[key as keyof StreamConfig];
    if (JSON.stringify(got) !== JSON.stringify(value))
      throw new Error(`The stream ${name} has ${key}=${JSON.stringify(got)} where ${JSON.stringify(value)} is needed`);
  }
}

/** Makes the durable pull consumer when it is missing or differs, and refuses one whose settings cannot be what was asked for. */
export async function ensureDurable(
  manager: JetStreamManager,
  stream: keyof typeof STREAMS,
  name: string,
  filterSubject: string,
  ackWaitMs = 30_000,
): Promise<ConsumerInfo> {
  const wanted = {
    durable_name: name,
    filter_subject: filterSubject,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: ackWaitMs * 1_000_000,
    max_deliver: -1,
    max_ack_pending: 1000,
  };
  const differing = ({ config }: ConsumerInfo) =>
    Object.entries(wanted).find(([key, value]) => config[key as keyof typeof config] !== value)?.[0];
  const found = await manager.consumers.info(STREAMS[stream].name, name).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) return undefined;
    throw error;
  });
  // Adding it again changes what may be changed, such as the time for an acknowledgement.
  const info = found && !differing(found) ? found : await manager.consumers.add(STREAMS[stream].name, wanted);
  const key = differing(info);
  if (key) throw new Error(`The consumer ${name} has another ${key} than is needed`);
  return info;
}

/** JetStream's management without the account look-up, which a service's NATS user may not do. */
export const streamManager = (connection: NatsConnection): Promise<JetStreamManager> =>
  jetstreamManager(connection, { checkAPI: false, timeout: 5000 });

/** Changes when the connection was lost and made again; a broker may have come back with less than it had. */
export const sessionOf = (connection: NatsConnection): string =>
  `${connection.info?.server_id ?? ''}/${connection.info?.client_id ?? ''}`;
