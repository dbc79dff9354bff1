import type { CustomerView } from '#contracts';
import type { RunningApp } from '#platform';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { start } from '../src/app.js';
import { startWorld, wonBy, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const create = async (url = world.service.url): Promise<string> => {
  const agent = world.service.gateway.agent(url, 'customer', world.alice);
  return ((await agent.post('/api/v1/customers').send({ name: 'A' }).expect(201)).body as CustomerView).code;
};
/** Makes one customer in a copy of the service that has this format. */
async function createAs(format: string): Promise<string> {
  const copy: RunningApp = await start({ ...world.service.environment, CUSTOMER_CODE_FORMAT: format });
  try {
    return await create(copy.url);
  } finally {
    await copy.stop();
  }
}
const numberOf = (code: string) => Number(/\d+$/.exec(code)![0]);

describe('codes of customers', () => {
  it('DIC-4: have the format of the setting, and those given before go on working', async () => {
    const first = await create();
    expect(first).toMatch(/^CUS-\d{6}$/);
    const second = await createAs('KH2026-###');
    expect(second).toBe(`KH2026-${String(numberOf(first) + 1).padStart(3, '0')}`);
    for (const code of [first, second])
      for (const path of [code, code.toLowerCase()]) {
        const { body } = await world.service.as(world.bob).get(`/api/v1/customers/${path}`).expect(200);
        expect(body.code).toBe(code);
      }
  });

  it('DIC-4: numbers grow beyond the width', async () => {
    await world.service.query(`SELECT setval('customer_number', 999)`);
    expect(await createAs('K##')).toBe('K1000');
    await world.service.query(`SELECT setval('customer_number', 999999)`);
    expect(await create()).toBe('CUS-1000000');
  });

  it('DIC-4: customers that are made of events have them too', async () => {
    const won = wonBy(world.alice.id, 'Won and numbered');
    await world.service.deliver(won);
    const { body } = await world.service.as(world.bob).get('/api/v1/customers?q=wonandnumbered').expect(200);
    expect(body.items[0].code).toMatch(/^CUS-\d+$/);
  });

  it('DIC-4: a bad format stops the service with a message that names it', () => {
    expect(() => start({ ...world.service.environment, CUSTOMER_CODE_FORMAT: 'cus-###' })).toThrow(
      /^Bad setting\. CUSTOMER_CODE_FORMAT: must be a prefix/,
    );
  });
});
