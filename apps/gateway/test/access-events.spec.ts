import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, GatewayFixture } from './gateway.fixture.js';

describe('the gateway follows auth', () => {
  let gateway: GatewayFixture;
  let broker: NatsConnection;

  beforeAll(async () => {
    const { TEST_NATS_URL = '', TEST_NATS_PASSWORD = '' } = process.env;
    broker = await connect({ servers: TEST_NATS_URL, user: 'test', pass: TEST_NATS_PASSWORD });
    gateway = await GatewayFixture.start({
      NATS_URL: TEST_NATS_URL,
      NATS_USER: 'gateway',
      NATS_PASSWORD: TEST_NATS_PASSWORD,
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await broker.close();
  });

  /** How long after an event the gateway asked auth, right behind a poll, so that the next poll is a second away. */
  async function reaction(): Promise<number> {
    const before = gateway.upstreams.auth.snapshotsAsked;
    await eventually(async () => gateway.upstreams.auth.snapshotsAsked > before);
    const polled = gateway.upstreams.auth.snapshotsAsked;
    broker.publish('crm.auth.role.updated.v1', '{}');
    return eventually(async () => gateway.upstreams.auth.snapshotsAsked > polled);
  }

  it('AUT-1: asks at once when auth says that something changed', async () => {
    await eventually(async () => (await reaction()) < 300);
    for (let i = 0; i < 3; i++) expect(await reaction()).toBeLessThan(300);
  });

  it('AUT-1: a right that is taken away is gone as soon as the event arrives', async () => {
    const token = await gateway.token(gateway.alice);
    const status = async () => (await gateway.call('/api/v1/opportunities', { token })).status;
    expect(await status()).toBe(200);
    gateway.replace(gateway.alice.id, { roles: ['executive'] });
    broker.publish('crm.auth.user.updated.v1', '{}');
    expect(await eventually(async () => (await status()) === 403, 2000)).toBeLessThan(2000);
  });
});
