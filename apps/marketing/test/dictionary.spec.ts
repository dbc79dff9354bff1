import {
  type DataOf,
  DictionaryEntryAdded,
  DictionaryEntryRemoved,
  DictionaryEntryUpdated,
  type OpportunityView,
} from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v7 } from 'uuid';
import { requireFaithfulCopy } from '../../../libs/platform/src/testing/dictionary-events.js';
import { start } from '../src/app.js';
import { type Marketing, startMarketing } from './marketing.fixture.js';

const PATH = '/api/v1/opportunities';
let marketing: Marketing;
beforeAll(async () => {
  marketing = await startMarketing();
});
afterAll(() => marketing?.service.stop());

type Entry = DataOf<typeof DictionaryEntryAdded>;
let count = 0;
/** An entry, as the customer service tells of it. */
const entryOf = (type: string, over: Partial<Entry> = {}): Entry => {
  const code = `e${(count += 1)}`;
  const label = { zh: code, en: code };
  return { entryId: v7(), type, code, label, order: 1, active: true, editable: true, ...over };
};
const added = async (type: string, over: Partial<Entry> = {}): Promise<Entry> => {
  const entry = entryOf(type, over);
  await marketing.service.deliver(DictionaryEntryAdded.of(entry.entryId, entry));
  return entry;
};
const changed = (entry: Entry, over: Partial<Entry>) =>
  marketing.service.deliver(DictionaryEntryUpdated.of(entry.entryId, { ...entry, ...over }));
const removed = (entry: Entry) =>
  marketing.service.deliver(DictionaryEntryRemoved.of(entry.entryId, { ...entry, active: false }));
const manager = () => marketing.service.as(marketing.people.manager);

/** Which field of an opportunity is picked from which dictionary. */
const FIELDS = [
  ['stage', 'opportunity_stage'],
  ['source', 'opportunity_source'],
  ['region', 'region'],
] as const;

describe('the copy of the dictionary', () => {
  it.each(FIELDS)('DIC-3: %s takes an active entry of %s only, naming both', async (field, type) => {
    const [retired, gone, elsewhere] = [await added(type), await added(type), await added('ticket_type')];
    await changed(retired, { active: false });
    await removed(gone);
    const { id, version } = await marketing.create(marketing.people.manager);
    const input = { customerName: 'B', summary: 'S', description: 'D', successRate: 1 };
    for (const { code } of [retired, gone, elsewhere, { code: 'nothing' }])
      for (const answer of [
        await manager()
          .post(PATH)
          .send({ ...input, [field]: code }),
        await manager()
          .patch(`${PATH}/${id}`)
          .send({ [field]: code }),
      ])
        expect(answer).toMatchObject({
          status: 422,
          body: { type: '/problems/unknown-dictionary-code', dictionary: type, code, errors: [{ path: field }] },
        });
    expect((await manager().get(`${PATH}/${id}`)).body.version).toBe(version);
  });

  it.each(FIELDS)('DIC-2: an old record keeps a retired %s, which cannot be set anew', async (field, type) => {
    const entry = await added(type);
    const { code } = entry;
    const { id } = await marketing.create(marketing.people.manager, { [field]: code });
    await changed(entry, { active: false });
    const change = (changes: object) => manager().patch(`${PATH}/${id}`).send(changes);
    const edited = await change({ description: 'edited', [field]: code }).expect(200);
    expect(edited.body).toMatchObject({ description: 'edited', [field]: code });
    const other = field === 'stage' ? 'proposal' : null;
    await change({ [field]: other }).expect(200);
    await change({ [field]: code }).expect(422);
    await changed(entry, { active: true });
    await change({ [field]: code }).expect(200);
  });

  it('DIC-1, DIC-3: a removed code that was added again can be chosen', async () => {
    const entry = await added('opportunity_source');
    await removed(entry);
    await marketing.service.deliver(DictionaryEntryAdded.of(entry.entryId, entry));
    await marketing.create(marketing.people.manager, { source: entry.code });
  });

  it(
    'DIC-1: is what the events say, in whatever order of the entries and however often they come',
    () => requireFaithfulCopy(marketing.service),
    60_000,
  );

  it('DIC-4: a filter by region finds the opportunities in all that lies below it, as soon as a region moves', async () => {
    // The city is told of before what it lies in.
    const city = await added('region', { parent: 'province' });
    await added('region', { code: 'province', parent: 'country' });
    await added('region', { code: 'country' });
    await added('region', { code: 'abroad' });
    for (const region of [city.code, 'province', 'country', 'abroad'])
      await marketing.create(marketing.people.manager, { region, summary: region });
    const found = async (region: string) => {
      const { body } = await manager().get(`${PATH}?region=${region}&count=true`).expect(200);
      expect(body.total).toBe(body.items.length);
      return body.items.map(({ summary }: OpportunityView) => summary).sort();
    };
    expect(await found('country')).toEqual(['country', city.code, 'province'].sort());
    expect(await found('province')).toEqual([city.code, 'province'].sort());
    expect(await found(`${city.code},abroad`)).toEqual(['abroad', city.code].sort());
    expect(await found('atlantis')).toEqual([]);
    await changed(city, { parent: 'abroad', active: false });
    expect(await found('country')).toEqual(['country', 'province']);
    expect(await found('abroad')).toEqual(['abroad', city.code].sort());
  });
});

it('DIC-4: codes have the format of the setting', async () => {
  const { service, people } = marketing;
  const copy = await start({ ...service.environment, OPPORTUNITY_CODE_FORMAT: 'JH##' });
  try {
    const body = { customerName: 'B', summary: 'S', description: 'D', successRate: 1 };
    const agent = service.gateway.agent(copy.url, 'marketing', people.manager);
    const { code } = (await agent.post(PATH).send(body).expect(201)).body as OpportunityView;
    expect(code).toMatch(/^JH\d{2,}$/);
    expect((await manager().get(`${PATH}/${code.toLowerCase()}`).expect(200)).body.code).toBe(code);
    expect((await marketing.create(people.manager)).code).toMatch(/^OPP-\d{6}$/);
  } finally {
    await copy.stop();
  }
});
