import { type DataOf, DictionaryEntryAdded, DictionaryEntryRemoved, DictionaryEntryUpdated } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { requireFaithfulCopy } from '../../../libs/platform/src/testing/dictionary-events.js';
import { start } from '../src/app.js';
import { type Desk, deskOf, problem, startWorld, TICKETS, type World } from './world.js';

let world: World;
let desk: Desk;
beforeAll(async () => {
  world = await startWorld();
  desk = deskOf(world);
});
afterAll(() => world?.service.stop());

type Entry = DataOf<typeof DictionaryEntryAdded>;
/** An entry, as the customer service tells of it. */
const added = async (type: string, code: string): Promise<Entry> => {
  const entry = { entryId: v7(), type, code, label: { zh: code, en: code }, order: 1, active: true, editable: true };
  await world.service.deliver(DictionaryEntryAdded.of(entry.entryId, entry));
  return entry;
};
const told = (definition: typeof DictionaryEntryUpdated, entry: Entry, active: boolean) =>
  world.service.deliver(definition.of(entry.entryId, { ...entry, active }));

describe('the copy of the dictionary', () => {
  it('DIC-3: the type of a ticket is an active entry of ticket_type, and the refusal names both', async () => {
    const [retired, gone] = [await added('ticket_type', 'retired'), await added('ticket_type', 'gone')];
    await told(DictionaryEntryUpdated, retired, false);
    await told(DictionaryEntryRemoved, gone, false);
    await added('activity_kind', 'visit');
    const ticket = await desk.create();
    const refused = (code: string) =>
      problem('unknown-dictionary-code', 422, { dictionary: 'ticket_type', code, errors: [{ path: 'type' }] });
    for (const type of ['retired', 'gone', 'visit', 'nothing']) {
      expect(await desk.as('alice').post(TICKETS).send(desk.input({ type }))).toMatchObject(refused(type));
      expect(await desk.as('alice').patch(`${TICKETS}/${ticket.id}`).send({ type })).toMatchObject(refused(type));
    }
  });

  it('DIC-2: an old ticket keeps a retired type, which cannot be set anew until it is back in use', async () => {
    const entry = await added('ticket_type', 'seasonal');
    const ticket = await desk.create({ type: 'seasonal' });
    await told(DictionaryEntryUpdated, entry, false);
    const change = (changes: object) => desk.as('alice').patch(`${TICKETS}/${ticket.id}`).send(changes);
    expect(await change({ type: 'seasonal', summary: 'edited' })).toMatchObject({
      status: 200,
      body: { type: 'seasonal', summary: 'edited' },
    });
    expect((await change({ type: 'complaint' })).status).toBe(200);
    expect((await change({ type: 'seasonal' })).status).toBe(422);
    await told(DictionaryEntryUpdated, entry, true);
    expect((await change({ type: 'seasonal' })).status).toBe(200);
  });

  it(
    'DIC-1: is what the events say, in whatever order of the entries and however often they come',
    () => requireFaithfulCopy(world.service),
    60_000,
  );
});

it('DIC-4: codes have the format of the setting', async () => {
  const { service, people } = world;
  const copy = await start({ ...service.environment, TICKET_CODE_FORMAT: 'FW-###' });
  try {
    const agent = service.gateway.agent(copy.url, 'service', people.alice);
    const { code } = (await agent.post(TICKETS).send(desk.input()).expect(201)).body;
    expect(code).toMatch(/^FW-\d{3,}$/);
    expect((await desk.as('alice').get(`${TICKETS}/${code.toLowerCase()}`)).body.code).toBe(code);
    expect((await desk.create()).code).toMatch(/^TKT-\d{6}$/);
  } finally {
    await copy.stop();
  }
});
