import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { v7 } from 'uuid';
import {
  CustomerDeleted,
  inboxPrefix,
  natsAccounts,
  OUTSIDE_API_PREFIX as apiPrefix,
  outsideConsumersOn,
  outsideSystems,
  SERVICES,
  STREAMS,
  UserCreated,
} from '#contracts';
import { EventProbe, TEST_PASSWORD, TestNats } from '#testing';
import { ensureDurable, ensureStream, streamManager } from '../../libs/platform/src/events/nats-connection.js';

const customerDeleted = (name: string) => {
  const customerId = v7();
  const nothing = {
    region: null,
    level: null,
    satisfaction: null,
    credit: null,
    industry: null,
    sourceOpportunityId: null,
  };
  return CustomerDeleted.of(customerId, {
    customerId,
    code: 'CUS-000001',
    name,
    status: 'active',
    ownerId: null,
    externalRef: null,
    ...nothing,
  });
};

describe('Other companies’ systems on NATS', () => {
  let nats: TestNats;
  let probe: EventProbe;
  const connections: NatsConnection[] = [];
  const as = async (user: string) => {
    const connection = await connect({
      servers: nats.url,
      user,
      pass: TEST_PASSWORD,
      inboxPrefix: inboxPrefix(user),
      timeout: 1000,
    });
    connections.push(connection);
    return connection;
  };
  const stored = async () => {
    const manager = await streamManager(await as('test'));
    const infos = await Promise.all(Object.values(STREAMS).map(({ name }) => manager.streams.info(name)));
    return Object.fromEntries(infos.map(({ config, state }) => [config.name, state.last_seq]));
  };
  const consumers = async () => {
    const names: string[] = [];
    for await (const { name } of (await streamManager(await as('test'))).consumers.list('CRM')) names.push(name);
    return names.sort();
  };
  const refusal = async (user: string, subject: string) => {
    const connection = await as(user);
    return new Promise((resolve) => connection.subscribe(subject, { callback: (error) => resolve(String(error)) }));
  };

  beforeAll(async () => {
    nats = await TestNats.start();
    probe = await EventProbe.connect(nats.url);
    // As the services do it, with their own permissions.
    await ensureStream(await streamManager(await as('customer')), 'SALES');
    for (const service of SERVICES) {
      const manager = await streamManager(await as(service));
      for (const { name, filterSubject } of outsideConsumersOn(service))
        await ensureDurable(manager, 'CRM', name, filterSubject);
    }
  });
  afterAll(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await probe?.close();
    await nats?.stop();
  });

  it('EVT-5: the example of the README reads from the beginning, and after a pause what it missed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crm-partner-'));
    const file = join(folder, 'partner.json');
    await writeFile(file, JSON.stringify({ url: nats.url, user: 'partner', password: TEST_PASSWORD }));
    const readUntil = (expected: string) =>
      new Promise<string>((resolve, reject) => {
        const child = spawn(process.execPath, ['docs/examples/subscribe.mjs', file, 'customer'], {
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let output = '';
        // The broker can give a message to the pull of the program that was just ended; it comes again after the 30 s
        // that an acknowledgement may take.
        const timer = setTimeout(() => child.kill('SIGKILL'), 50_000);
        for (const stream of [child.stdout, child.stderr])
          stream.on('data', (chunk: Buffer) => {
            output += chunk.toString();
            if (output.includes(expected)) child.kill();
          });
        child.once('exit', () => {
          clearTimeout(timer);
          if (output.includes(expected)) resolve(output);
          else reject(new Error(`never saw ${expected}: ${output}`));
        });
      });
    await probe.publish(customerDeleted('Before you came'));
    await readUntil('Before you came');
    await probe.publish(customerDeleted('While you were away'));
    await readUntil('While you were away');
    await rm(folder, { recursive: true });
  }, 120_000);

  it('EVT-5: it reads nothing but business events', async () => {
    const connection = await as('partner');
    for (const prefix of [apiPrefix, '$JS.API']) {
      const manager = await jetstreamManager(connection, { apiPrefix: prefix, checkAPI: false, timeout: 500 });
      await expect(manager.streams.getMessage('CRM', { seq: 1 })).rejects.toThrow();
      await expect(manager.streams.info('CRM', { subjects_filter: 'crm.auth.>' })).rejects.toThrow();
      await expect(manager.consumers.info('CRM', 'sales-system-customer')).rejects.toThrow();
      await expect(manager.consumers.info('CRM', 'service-customer-customer')).rejects.toThrow();
    }
    expect(await refusal('partner', 'crm.auth.>')).toMatch(/permissions violation/i);
    expect(await refusal('partner', `${inboxPrefix('customer')}.>`)).toMatch(/permissions violation/i);
  });

  it('EVT-5: each of them hears business events when they happen, too', async () => {
    const listening = await Promise.all(
      outsideSystems().map(async ({ user }) => {
        const connection = await as(user);
        const subscription = connection.subscribe('crm.customer.>', { max: 1 });
        await connection.flush();
        return subscription;
      }),
    );
    const [event] = await probe.publish(customerDeleted('Heard by all'));
    for (const subscription of listening)
      for await (const message of subscription) expect(message.json()).toEqual(event);
  });

  it('EVT-5: it makes no consumer, neither a pull consumer nor one that delivers into a stream', async () => {
    const before = await consumers();
    for (const { user } of outsideSystems())
      for (const prefix of [apiPrefix, '$JS.API']) {
        const manager = await jetstreamManager(await as(user), { apiPrefix: prefix, checkAPI: false, timeout: 300 });
        const filter_subject = 'crm.customer.>';
        const pull = { durable_name: `${user}-customer`, ack_policy: AckPolicy.Explicit };
        const push = { deliver_subject: 'crm.auth.user.updated.v1', deliver_policy: DeliverPolicy.All };
        for (const config of [pull, { ...pull, filter_subject }, { ...push, ack_policy: AckPolicy.None }])
          await expect(manager.consumers.add('CRM', config)).rejects.toThrow();
        await expect(manager.consumers.delete('CRM', `${user}-customer`)).rejects.toThrow();
      }
    expect(await consumers()).toEqual(before);
  });

  it('EVT-5: an answer to a request of it never becomes an event or a feed', async () => {
    await probe.publish(customerDeleted('To be pulled'), customerDeleted('To be pulled'));
    for (const { user, consumers: names } of outsideSystems()) {
      const connection = await as(user);
      const before = await stored();
      const requests: Array<[subject: string, body: string]> = [
        ['$JS.API.INFO', ''],
        ['$JS.API.STREAM.INFO.CRM', ''],
        [`${apiPrefix}.CONSUMER.INFO.CRM.${names.customer}`, ''],
        [`${apiPrefix}.CONSUMER.MSG.NEXT.CRM.${names.customer}`, JSON.stringify({ batch: 1, no_wait: true })],
        [`$JS.ACK.CRM.${names.customer}.1.1.1.1.0`, '+NXT'],
      ];
      for (const [subject, body] of requests)
        for (const reply of ['crm.auth.user.updated.v1', 'crm.customer.customer.updated.v1', 'sales.orders.forged'])
          connection.publish(subject, body, { reply });
      // JetStream serves a consumer's requests in their order: when this one is answered, so are those before it.
      const consumer = await jetstream(connection, { apiPrefix }).consumers.get('CRM', names.customer);
      await consumer.fetch({ max_messages: 1, expires: 1000 }).then(async (messages) => {
        for await (const message of messages) message.ack();
      });
      expect(await stored()).toEqual(before);
    }
  });

  it('EVT-5: it publishes nothing', async () => {
    const before = await stored();
    const forged = UserCreated.of(v7(), {
      userId: v7(),
      username: 'mallory',
      displayName: 'Mallory',
      status: 'active',
      roles: ['super_admin'],
    });
    for (const user of ['partner', 'sales-system', 'gateway', 'customer'])
      await expect(
        jetstream(await as(user), { timeout: 500 }).publish(
          forged.definition.type,
          JSON.stringify(probe.envelope(forged)),
        ),
      ).rejects.toThrow();
    await expect(jetstream(await as('partner'), { timeout: 500 }).publish('sales.products', '{}')).rejects.toThrow();
    expect(await stored()).toEqual(before);
  });

  it('EVT-5: the sales system publishes its feed and hears that it is kept; the answer goes nowhere else', async () => {
    const connection = await as('sales-system');
    const before = await stored();
    const { stream, seq } = await jetstream(connection).publish('sales.products', '{"items":[]}');
    expect([stream, seq]).toEqual(['SALES', before.SALES! + 1]);
    connection.publish('sales.stock', '{"items":[]}', { reply: 'crm.auth.user.updated.v1' });
    await jetstream(connection).publish('sales.orders', '{"items":[]}');
    expect(await stored()).toEqual({ CRM: before.CRM, SALES: before.SALES! + 3 });
    await expect(jetstream(connection, { timeout: 500 }).publish('sales.other', '{}')).rejects.toThrow();
  });

  it('EVT-5: the example of the README feeds a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'crm-partner-'));
    const file = join(folder, 'sales-system.json');
    const body = join(folder, 'products.json');
    await writeFile(file, JSON.stringify({ url: nats.url, user: 'sales-system', password: TEST_PASSWORD }));
    await writeFile(body, '{"items":[]}');
    const before = await stored();
    const example = ['docs/examples/publish.mjs', file, 'products', body];
    const { stdout } = await promisify(execFile)(process.execPath, example, { timeout: 20_000 });
    expect(stdout).toContain(`SALES as number ${before.SALES! + 1}`);
    await rm(folder, { recursive: true });
  });

  it('EVT-5: no outside system shares an account with the services', () => {
    const [inside, ...outside] = natsAccounts();
    expect(inside!.users.map(({ user }) => user)).toEqual([...SERVICES, 'gateway']);
    expect(outside.map(({ users, jetstream: stores }) => [stores, ...users.map(({ user }) => user)])).toEqual(
      outsideSystems().map(({ user }) => [false, user]),
    );
  });
});
