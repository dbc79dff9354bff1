import { v7 } from 'uuid';
import { type Marketing, startMarketing } from './marketing.fixture.js';

type Item = Record<string, string>;

describe('What hangs on an opportunity is read in pages', () => {
  let marketing: Marketing;
  let path: string;
  const todos = ['a', 'b', 'c', 'd', 'e'];
  beforeAll(async () => {
    marketing = await startMarketing();
    const { manager, alice } = marketing.people;
    const { id } = await marketing.assigned(manager, alice);
    path = `/api/v1/opportunities/${id}`;
    // Two on a day, so that a page ends between equals.
    for (const [index, todo] of todos.entries())
      await marketing.service
        .as(alice)
        .post(`${path}/plan-items`)
        .send({ date: `2026-01-0${1 + Math.floor(index / 2)}`, todo })
        .expect(201);
    await marketing.service
      .as(alice)
      .post(`/api/v1/opportunities/${(await marketing.assigned(manager, alice)).id}/plan-items`)
      .send({ date: '2026-01-02', todo: 'of another' })
      .expect(201);
  });
  afterAll(() => marketing?.service.stop());
  const get = (query: string, of = path) => marketing.service.as(marketing.people.alice).get(`${of}/${query}`);

  /** All pages of two, which together are as many as the total says. */
  async function pages(query: string, of = path): Promise<Item[][]> {
    const all: Item[][] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string = cursor && `&cursor=${cursor}`;
      const { body } = await get(`${query}limit=2&count=true${more}`, of).expect(200);
      all.push(body.items);
      expect(body.items.length).toBeLessThanOrEqual(2);
      cursor = body.nextCursor as string | null;
      if (cursor === null) expect(body.total).toBe(all.flat().length);
    }
    return all;
  }

  it('MKT-5: the plan, by date', async () => {
    const plan = await pages('plan-items?');
    expect(plan.map(({ length }) => length)).toEqual([2, 2, 1]);
    expect(plan.flat().map(({ todo }) => todo)).toEqual(todos);
    expect(Object.keys(plan[0]![0]!).sort()).toEqual([
      'date',
      'executedAt',
      'id',
      'result',
      'status',
      'todo',
      'version',
    ]);
    expect((await pages('plan-items?sort=-date&')).flat().map(({ todo }) => todo)).toEqual(todos.toReversed());
  });

  it('MKT-10: the timeline, newest first', async () => {
    const acts = [...todos.map(() => 'plan-item-added'), 'assigned', 'created'];
    const newest = (await pages('timeline?')).flat();
    expect(newest.map(({ act }) => act)).toEqual(acts);
    expect(newest.slice(0, 5).map(({ details }) => (details as unknown as Item).todo)).toEqual(todos.toReversed());
    expect(Object.keys(newest[0]!).sort()).toEqual(['act', 'actorId', 'at', 'details']);
    expect((await pages('timeline?sort=at&')).flat()).toEqual(newest.toReversed());
  });

  it('MKT-10: the timeline goes on after the last of several acts of the same moment', async () => {
    const { id } = await marketing.assigned(marketing.people.manager, marketing.people.alice);
    await marketing.service.query(
      `INSERT INTO opportunity_history (opportunity_id, at, act, details)
       SELECT $1, '2026-01-01', 'edited', jsonb_build_object('n', n::text) FROM generate_series(1, 12) n`,
      [id],
    );
    const entries = (await pages('timeline?sort=at&', `/api/v1/opportunities/${id}`)).flat();
    const numbers = entries.map(({ details }) => (details as unknown as Item).n);
    expect(numbers).toEqual([...Array.from({ length: 12 }, (_, index) => String(index + 1)), undefined, undefined]);
  });

  it('api: refuses what the lists do not know, foreign cursors and edited ones', async () => {
    for (const query of ['plan-items?todo=call', 'plan-items?sort=todo', 'timeline?limit=201', 'timeline?q=x']) {
      const { body } = await get(query).expect(400);
      expect(body).toMatchObject({ type: '/problems/validation-failed', errors: [expect.anything()] });
    }
    const { nextCursor } = (await get('timeline?limit=1').expect(200)).body;
    expect((await get(`plan-items?cursor=${nextCursor}`).expect(400)).body.type).toBe('/problems/invalid-cursor');
    const [fingerprint, at] = JSON.parse(Buffer.from(nextCursor, 'base64url').toString()) as string[];
    const edited = Buffer.from(JSON.stringify([fingerprint, at, v7()])).toString('base64url');
    expect((await get(`timeline?limit=1&cursor=${edited}`).expect(400)).body.type).toBe('/problems/invalid-cursor');
  });
});
