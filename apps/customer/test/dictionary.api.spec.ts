import { DICTIONARY_TYPES, DictionaryEntryAdded, DictionaryEntryView, DictionaryTypeView } from '#contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { start } from '../src/app.js';
import { DICTIONARY_SEED } from '../src/dictionary/dictionary.seed.js';
import { startWorld, type World } from './customer.fixture.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.service.stop());

const entries = Object.values(DICTIONARY_SEED).flatMap((type) => type.entries);
const seeded = () => world.service.query('SELECT FROM outbox WHERE type = $1', [DictionaryEntryAdded.type]);

describe('the dictionary', () => {
  it('DIC-1: is read in its order, by a type with underscores or hyphens', async () => {
    const executive = await world.service.person('executive', 'executive');
    for (const path of ['opportunity_stage', 'opportunity-stage']) {
      const { body } = await world.service.as(executive).get(`/api/v1/dictionary/${path}`).expect(200);
      expect(body.items[0]).toEqual({
        type: 'opportunity_stage',
        code: 'prospecting',
        label: { zh: '初步接触', en: 'Prospecting' },
        order: 1,
        active: true,
        editable: false,
        version: 1,
        parent: null,
        level: 1,
        path: ['prospecting'],
      });
      expect(body.items.map(({ code }: DictionaryEntryView) => code)).toEqual([
        'prospecting',
        'qualification',
        'proposal',
        'negotiation',
      ]);
    }
    await world.service.as(executive).get('/api/v1/dictionary/nothing').expect(404);
    await world.service
      .as({ ...executive, rights: {} })
      .get('/api/v1/dictionary/region')
      .expect(403);
  });

  it('DIC-1: tells which dictionaries there are', async () => {
    const { body } = await world.service.as(world.alice).get('/api/v1/dictionary').expect(200);
    expect(body.items.map((item: unknown) => DictionaryTypeView.strict().parse(item).type)).toEqual(
      Object.keys(DICTIONARY_TYPES),
    );
    expect(body.items).toContainEqual({
      type: 'region',
      label: { zh: '地区', en: 'Region' },
      tree: true,
      fixed: false,
    });
    await world.service
      .as({ ...world.alice, rights: {} })
      .get('/api/v1/dictionary')
      .expect(403);
  });

  it('DIC-1: is read in pages', async () => {
    const get = (query: string) => world.service.as(world.alice).get(`/api/v1/dictionary/${query}`);
    const codes = DICTIONARY_SEED.opportunity_stage.entries.map(([code]) => code);
    const seen: DictionaryEntryView[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string = cursor && `&cursor=${cursor}`;
      const { body } = await get(`opportunity-stage?limit=1&count=true${more}`).expect(200);
      expect(body).toMatchObject({ total: codes.length, items: [DictionaryEntryView.strict().parse(body.items[0])] });
      seen.push(...body.items);
      cursor = body.nextCursor as string | null;
    }
    expect(seen.map(({ code }) => code)).toEqual(codes);
    const turned = (await get('opportunity-stage?sort=-order').expect(200)).body.items as DictionaryEntryView[];
    expect(turned).toEqual(seen.toReversed());
    expect((await get('opportunity-stage?active=false').expect(200)).body).toEqual({ items: [], nextCursor: null });
    for (const query of ['active=1', 'code=proposal', 'sort=code']) await get(`opportunity-stage?${query}`).expect(400);
  });

  it('DIC-1, DIC-3: is seeded once, whatever starts, and told to the other services', async () => {
    expect(await seeded()).toHaveLength(entries.length);
    const { data } = await world.service.events.published(
      DictionaryEntryAdded.type,
      (event) => (event.data as { code: string }).code === 'visit',
    );
    expect(DictionaryEntryAdded.data.parse(data)).toMatchObject({
      type: 'activity_kind',
      label: { zh: '拜访', en: 'Visit' },
    });

    const second = await start(world.service.environment);
    const ready = async () => (await fetch(`${second.url}/health/ready`)).ok;
    await world.service.eventually(ready, 'the second copy is not ready');
    await second.stop();
    await world.service.halt();
    await world.service.run();
    expect(await seeded()).toHaveLength(entries.length);
  });

  it('DIC-1: entries of the same place in the order go on by their codes', async () => {
    const sysadmin = await world.service.person('system_admin', 'sysadmin');
    for (const code of ['c', 'a', 'd', 'b']) {
      const entry = { code, label: { zh: code, en: code }, order: 0 };
      await world.service.as(sysadmin).post('/api/v1/dictionary/company-type').send(entry).expect(201);
    }
    const first = (await world.service.as(world.alice).get('/api/v1/dictionary/company-type?limit=3').expect(200)).body;
    expect(first.items.map(({ code }: DictionaryEntryView) => code)).toEqual(['a', 'b', 'c']);
    const path = `/api/v1/dictionary/company-type?limit=3&cursor=${first.nextCursor}`;
    expect((await world.service.as(world.alice).get(path).expect(200)).body).toMatchObject({
      items: [{ code: 'd' }, { code: 'limited' }, { code: 'joint_stock' }],
    });
  });
});
