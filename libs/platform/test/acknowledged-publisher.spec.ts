import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TEST_PASSWORD, TestNats } from '#testing';
import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { AcknowledgedPublisher } from '../src/events/acknowledged-publisher.js';
import { connectNats, ensureStream } from '../src/events/nats-connection.js';
import { createLogger } from '../src/logging/logger.js';

const USER = 'service';
let nats: TestNats;
let connection: NatsConnection;
let operator: NatsConnection;
const publisher = (timeoutMs = 5000) => new AcknowledgedPublisher(connection, USER, timeoutMs);

beforeAll(async () => {
  nats = await TestNats.start();
  const connect = (user: string) =>
    connectNats(
      user,
      { NATS_URL: nats.url, NATS_USER: user, NATS_PASSWORD: TEST_PASSWORD },
      createLogger('service', 'silent'),
    );
  [connection, operator] = await Promise.all([connect(USER), connect('test')]);
});
afterAll(async () => {
  await Promise.all([connection?.close(), operator?.close()]);
  await nats?.stop();
});

it('EVT-2: says that no stream takes it, where each message is stored, and which it has already', async () => {
  const open = publisher();
  await expect(open.publish('crm.service.Tested', '{}', 'a')).rejects.toThrow('no stream takes this subject');
  await ensureStream(await jetstreamManager(operator), 'CRM');
  const [first, second] = await Promise.all([
    open.publish('crm.service.Tested', '{"number":1}', 'b'),
    open.publish('crm.service.Tested', '{"number":2}', 'c'),
  ]);
  expect([first, second]).toMatchObject([
    { stream: 'CRM', seq: 1 },
    { stream: 'CRM', seq: 2 },
  ]);
  expect(await open.publish('crm.service.Tested', '{"number":1}', 'b')).toMatchObject({ seq: 1, duplicate: true });
  open.close();
});

it('EVT-2: a message that the stream refuses fails by itself', async () => {
  const manager = await jetstreamManager(operator);
  const { config } = await manager.streams.info('CRM');
  await manager.streams.update('CRM', { ...config, max_msg_size: 100 });
  const open = publisher();
  const [refused, kept] = await Promise.allSettled([
    open.publish('crm.service.Tested', 'x'.repeat(200), 'd'),
    open.publish('crm.service.Tested', '{}', 'e'),
  ]);
  expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(JetStreamApiError) });
  expect(kept.status).toBe('fulfilled');
  await expect(open.publish('crm.service.Tested', 'x'.repeat(9 * 1024 * 1024), 'f')).rejects.toThrow(/payload/i);
  open.close();
});

it('EVT-2: what a broker that hangs does not answer fails in time, and what it answers then is nobody’s', async () => {
  const open = publisher(200);
  nats.hang();
  // One that it gets before it stops it may still answer.
  let last = 0;
  const answered = () =>
    open.publish('crm.service.Tested', '{}', `g${++last}`).then(
      () => true,
      (error: Error) => error.message,
    );
  let answer = await answered();
  while (answer === true) answer = await answered();
  nats.wake();
  expect(answer).toBe('the broker has not answered');
  const late = publisher();
  expect(await late.publish('crm.service.Tested', '{}', `g${last}`)).toMatchObject({ duplicate: true });
  open.close();
  const closed = late.publish('crm.service.Tested', '{}', 'h');
  late.close();
  await expect(closed).rejects.toThrow('the publisher was closed');
});
