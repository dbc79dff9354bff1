import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AckPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { v7 } from 'uuid';
import { CustomerDeleted, inboxPrefix, partnerConsumer, UserCreated } from '#contracts';
import { EventProbe, TEST_PASSWORD, TestNats } from '#testing';

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
  const consumer = async (user: string, name: string, filter_subject: string) =>
    (await jetstreamManager(await as(user), { checkAPI: false, timeout: 1000 })).consumers.add('CRM', {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      filter_subject,
    });

  beforeAll(async () => {
    nats = await TestNats.start();
    probe = await EventProbe.connect(nats.url);
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
        const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
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
  });

  it('EVT-5: it reads nothing but business events', async () => {
    await consumer('partner', partnerConsumer('partner', 'marketing'), 'crm.marketing.>');
    await expect(consumer('partner', partnerConsumer('partner', 'auth'), 'crm.auth.>')).rejects.toThrow();
    await expect(consumer('partner', partnerConsumer('partner', 'service'), 'crm.>')).rejects.toThrow();
    const connection = await as('partner');
    await expect(
      jetstreamManager(connection, { checkAPI: false, timeout: 1000 }).then((manager) =>
        manager.streams.getMessage('CRM', { seq: 1 }),
      ),
    ).rejects.toThrow();
    const refused = new Promise((resolve) =>
      connection.subscribe('crm.auth.>', { callback: (error) => resolve(error) }),
    );
    expect(String(await refused)).toMatch(/permissions violation/i);
  });

  it('EVT-5: it cannot take over a service’s consumer, nor listen to another’s answers', async () => {
    await expect(consumer('partner', 'service-customer-customer', 'crm.customer.>')).rejects.toThrow();
    const connection = await as('partner');
    const refused = new Promise((resolve) =>
      connection.subscribe(`${inboxPrefix('customer')}.>`, { callback: (error) => resolve(error) }),
    );
    expect(String(await refused)).toMatch(/permissions violation/i);
  });

  it('EVT-5: it publishes nothing; the sales system only its feed', async () => {
    const forged = UserCreated.of(v7(), {
      userId: v7(),
      username: 'mallory',
      displayName: 'Mallory',
      status: 'active',
      roles: ['super_admin'],
    });
    for (const user of ['partner', 'sales-system', 'gateway', 'customer'])
      await expect(
        jetstream(await as(user), { timeout: 1000 }).publish(
          forged.definition.type,
          JSON.stringify(probe.envelope(forged)),
        ),
      ).rejects.toThrow();
    const connection = await as('sales-system');
    const heard = new Promise<string>(
      (resolve) =>
        void as('test').then((test) =>
          test.subscribe('sales.>', { max: 1, callback: (_error, message) => resolve(message.string()) }),
        ),
    );
    const deadline = Date.now() + 5000;
    const timer = setInterval(
      () => (Date.now() < deadline ? connection.publish('sales.products', '{"items":[]}') : clearInterval(timer)),
      20,
    );
    expect(await heard).toBe('{"items":[]}');
    clearInterval(timer);
  });
});
