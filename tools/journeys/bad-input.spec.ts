import { type ValueType, type ServiceRoute } from '#contracts';
import { type Answer, API, Front, isPage, namesOf, OPEN_ROUTES, refusalOf, type Sent } from './bad-input.fixture.js';
import {
  bare,
  isFreeText,
  ODD_TEXTS,
  oddNumbers,
  sample,
  sampleObject,
  type Schema,
  schemaOf,
  wrongObjects,
  wrongValues,
} from './bad-values.js';

const bodies = OPEN_ROUTES.filter(({ body }) => body);
const lists = OPEN_ROUTES.filter((route) => isPage(route));
const objectOf = (route: ServiceRoute): Schema => bare(schemaOf(route.body!)).schema;

describe('Bad input, at every route of the table', () => {
  let front: Front;
  let before: Record<string, unknown>;
  /** What was not answered as it should have been. */
  let wrong: string[];
  beforeAll(async () => {
    front = await Front.start();
    // Whatever has to be made to be asked for is there from here on.
    for (const route of OPEN_ROUTES) await front.pathOf(route);
    before = await front.everything();
  });
  beforeEach(() => (wrong = []));
  afterAll(() => front?.stop());

  async function ask(route: ServiceRoute, path: string, sent: Sent, expected: (answer: Answer) => boolean) {
    const answer = await front.send(route, path, sent);
    let fits: boolean;
    try {
      fits = answer.status < 300 ? expected(answer) : refusalOf(answer) !== 'internal' && expected(answer);
    } catch {
      fits = false;
    }
    if (fits) return answer;
    const what = JSON.stringify(sent.body ?? sent.query ?? '').slice(0, 300);
    wrong.push(`${route.method} ${path} ${what} → ${answer.status} ${JSON.stringify(answer.body).slice(0, 600)}`);
    return answer;
  }
  const refused =
    (...names: string[]) =>
    (answer: Answer) => {
      const named = namesOf(answer);
      return (
        answer.status === 400 &&
        names.every((name) => named.some((path) => path === name || path.startsWith(`${name}.`)))
      );
    };

  const isFeed = ({ access }: ServiceRoute) => access === 'sales-feed.write';
  /** FEED-3: items are refused one by one, each with its reason. */
  const rejected = ({ status, body }: Answer) => {
    const told = body as { accepted?: number; unchanged?: number; rejected?: Array<{ reason: string }> };
    return (
      status === 200 && told.accepted === 0 && told.unchanged === 0 && told.rejected!.every(({ reason }) => reason)
    );
  };

  it('ALL-1: a body with wrong values is refused, naming each field', async () => {
    let reached = 0;
    await front.forEach(bodies, async (route) => {
      const { path, real } = await front.pathOf(route);
      const schema = objectOf(route);
      const base = sampleObject(schema, front.known);
      const choosy = Object.entries(schema.properties ?? {}).filter(([, each]) => wrongValues(each).length > 0);
      const names = choosy.map(([name]) => name);
      if (real) reached += 1;
      for (const body of wrongObjects(schema)) {
        // Names and passwords are only compared: any text may be asked for, none is kept.
        const expected = route.secret ? ({ status }: Answer) => status >= 400 : real ? refused(...names) : is(404);
        const fitting = (answer: Answer) => expected(answer) || (isFeed(route) && rejected(answer));
        await ask(route, path, { body: { ...base, ...body } }, fitting);
      }
      const amount = Object.keys(schema.properties ?? {}).find((name) => isAmount(schema.properties![name]!));
      if (amount && schema.properties!.currency) {
        const body = { ...base, [amount]: '10.123', currency: 'JPY' };
        await ask(route, path, { body }, real ? refused(amount) : is(404));
      }
      for (const name of ['colour', '__proto__', 'constructor'])
        await ask(
          route,
          path,
          { body: `{${JSON.stringify(name)}:{"a":1},${JSON.stringify(base).slice(1)}`.replace(',}', '}') },
          real ? (name === 'colour' ? refused(name) : is(400)) : is(404, 400),
        );
    });
    expect(wrong).toEqual([]);
    expect(reached / bodies.length).toBeGreaterThan(0.8);
  });

  it('ALL-1: what is no body, or none of this kind, is refused', async () => {
    const deep = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
    const raw = ['', 'null', '[]', '1', '"x"', '{', '{"a":1e400', '\ufeff{}x', '{"a":NaN}', "{'a':1}", deep];
    const broken = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    const changing = OPEN_ROUTES.filter(({ method, upload }) => method !== 'GET' && !upload);
    await front.forEach(changing, async (route) => {
      const { path } = await front.pathOf(route);
      // No body is as good as an empty one where every field may be left out.
      const needed = route.body?.safeParse(undefined).success ? raw.filter((body) => body !== '') : raw;
      for (const body of route.body ? [...needed, broken] : ['{"a":1}', '[1]', '{', deep])
        await ask(route, path, { body }, is(400, 404, ...(body === deep ? [413] : [])));
      if (!route.body) return;
      for (const contentType of ['text/plain', 'application/json; charset=gbk', 'application/x-www-form-urlencoded'])
        await ask(route, path, { body: '{}', contentType }, is(415, 404));
      const limit = route.bodyLimit ?? 1024 * 1024;
      await ask(route, path, { body: `{"a":"${'x'.repeat(limit)}"}` }, is(413));
    });
    const [first] = bodies.filter(({ bodyLimit, path }) => !bodyLimit && !path.includes(':'));
    await ask(first!, first!.path, { body: { a: 'x'.repeat(10 * 1024 * 1024) } }, is(413));
    expect(wrong).toEqual([]);
  });

  it('ALL-1: a list refuses what it does not know, naming the parameter', async () => {
    await front.forEach(lists, async (route) => {
      const { path, real } = await front.pathOf(route);
      if (!real) return;
      const { filters, search } = route.list!;
      for (const [name, values] of Object.entries({
        limit: ['0', '201', '-1', '1e2', '1.5', 'abc', '', '%00', '1&limit=2'],
        sort: ['no-such-field', '', '-', 'id;', '__proto__', 'constructor', '%00', 'a&sort=b'],
        count: ['1', 'yes', ''],
        colour: ['red'],
        __proto__x: ['1'],
        toString: ['1'],
        ...(search ? { q: ['%00', 'x'.repeat(101), 'a&q=b'] } : { q: ['x'] }),
      }))
        for (const value of values) await ask(route, path, { query: `${name}=${value}` }, refused(name));
      for (const query of ['__proto__=1', '__proto__[a]=1', 'constructor[prototype]=1', 'q[]=x', 'a[gte][lt]=1'])
        await ask(route, path, { query }, is(400));
      for (const query of ['q=%ff', 'q=%ed%a0%80', 'q=%F0%9F%91%8D%E2%80%8F', 'q=%25_%5C', 'q=%20'])
        await ask(route, path, { query }, is(...(search ? [200, 400] : [400])));
      const many = Array.from({ length: 60 }, (_, index) => `f${index}=1`).join('&');
      await ask(route, path, { query: many }, is(400));
      const fields = Object.entries(filters);
      for (const [index, [field, type]] of fields.entries()) {
        // A few for each, others for the next, so that all lists together see all of them.
        const turn = lists.indexOf(route) + index;
        for (const value of some(typeof type === 'string' ? WRONG_FILTERS[type] : WRONG_MEMBERS, turn, 3))
          await ask(route, path, { query: `${field}=${value}` }, refused(field));
        for (const value of some(ODD_FILTERS, turn, 2))
          await ask(route, path, { query: `${field}=${value}` }, is(200, 400));
      }
      const [field, type] = fields[0] ?? [];
      if (!field) return;
      const values = Array(201).fill('1').join(',');
      await ask(route, path, { query: `${field}=${values}` }, is(400, ...(type === 'contains' ? [200] : [])));
      await ask(route, path, { query: `${field}=1&${field}=2` }, refused(field));
      await ask(route, path, { query: `${field}[like]=1` }, is(400));
    });
    const [route] = lists;
    const { status } = await front.send(route!, route!.path, {
      query: Array.from({ length: 10_000 }, (_, index) => `f${index}=1`).join('&'),
    });
    expect([400, 414, 431]).toContain(status);
    expect(wrong).toEqual([]);
  });

  it('ALL-1: a cursor that was edited, or is another list’s, is refused', async () => {
    const cursors = new Map<ServiceRoute, string>();
    await front.forEach(lists, async (route) => {
      const { path, real } = await front.pathOf(route);
      const { body } = real ? await front.send(route, path, { query: 'limit=1' }) : { body: {} as Answer['body'] };
      if (body.nextCursor) cursors.set(route, String(body.nextCursor));
    });
    expect(cursors.size).toBeGreaterThan(5);
    await front.forEach([...cursors], async ([route, cursor]) => {
      const { path } = await front.pathOf(route);
      const [print, value, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
      const edited = [
        'x',
        '',
        '%00',
        'null',
        '👍',
        'x'.repeat(5000),
        ...[null, [], [print], [print, value], ['x', value, id], [print, { a: 1 }, id], [print, null, id]].map(encode),
        ...[
          [print, 'a\u0000b', id],
          [print, value, 5],
          [print, '1e400', id],
          [print, '2026-02-30', id],
        ].map(encode),
        ...[
          [print, value, "x' OR 1=1"],
          [print, 'x', 'a\u0000b'],
          [print, -1e300, id],
        ].map(encode),
        [...cursors].find(([other]) => other !== route)![1],
      ];
      for (const each of edited) {
        // What sorts as text may go on behind any text.
        const code = (answer: Answer) => answer.status === 200 || refusalOf(answer) === 'invalid-cursor';
        await ask(route, path, { query: `limit=1&cursor=${encodeURIComponent(each)}` }, code);
      }
      const turned = route.list!.defaultSort.startsWith('-') ? route.list!.sorts[0] : `-${route.list!.sorts[0]}`;
      await ask(route, path, { query: `limit=1&sort=${turned}&cursor=${cursor}` }, is(400));
      await ask(route, path, { query: `limit=2&cursor=${cursor}` }, is(200));
    });
    expect(wrong).toEqual([]);
  });

  it('ALL-1: a query refuses what does not fit, naming the parameter', async () => {
    const queries = OPEN_ROUTES.filter(({ query }) => query);
    await front.forEach(queries, async (route) => {
      const { path, real } = await front.pathOf(route);
      const { properties = {}, required = [] } = bare(schemaOf(route.query!)).schema;
      for (const name of [...Object.keys(properties), 'colour', '__proto__x']) {
        const others = required.filter((each) => each !== name).map((each) => `${each}=10&`);
        for (const value of ['%00', '1e400', '', '%F0%9F%91%8D', '-1', 'x'.repeat(2000), `1&${name}=2`]) {
          const fits = (answer: Answer) =>
            answer.status === 200
              ? name in properties
              : name === 'cursor'
                ? answer.status === 400
                : refused(name)(answer);
          await ask(route, path, { query: `${others.join('')}${name}=${value}` }, real ? fits : is(404));
        }
      }
    });
    expect(wrong).toEqual([]);
  });

  it('ALL-1: a path with rubbish in its places finds nothing', async () => {
    const rubbish = [
      '0',
      'x',
      '-1',
      '%00',
      'a%00b',
      "'%20OR%201=1",
      '%F0%9F%91%8D',
      '%ff',
      '__proto__',
      'constructor',
      'NaN',
    ];
    const long = ['x'.repeat(199), 'x'.repeat(500), '01900000-0000-7000-8000-00000000000g', '%E2%80%AE'];
    await front.forEach(
      OPEN_ROUTES.filter(({ path }) => path.includes(':')),
      async (route) => {
        const { path } = await front.pathOf(route);
        const places = route.path.split('/').flatMap((part, index) => (part.startsWith(':') ? [index] : []));
        for (const place of places)
          for (const each of [...rubbish, ...long]) {
            const parts = path.split('/');
            parts[place] = each;
            const body = route.body ? {} : undefined;
            await ask(route, parts.join('/'), { body }, is(400, 404, 414, 415));
          }
      },
    );
    expect(wrong).toEqual([]);
  });

  it('ALL-1: nothing of all this was saved', async () => {
    expect(await front.everything()).toEqual(before);
  });

  it('ALL-1: what is accepted comes back as it was sent', async () => {
    let [sent, kept] = [0, 0];
    const place = ({ method, status }: ServiceRoute) => (method === 'PATCH' ? 0 : status === 201 ? 1 : 2);
    const routes = bodies.filter(({ secret }) => !secret).sort((a, b) => place(a) - place(b));
    for (const route of routes) {
      const { path } = await front.pathOf(route);
      const schema = objectOf(route);
      const base = sampleObject(schema, front.known);
      for (const odd of oddBodies(schema)) {
        sent += 1;
        const { answer, changes } = await accepted(route, path, base, odd);
        const shown = Object.entries(changes).filter(([name]) => name in answer.body);
        if (answer.status >= 300 || shown.length === 0) continue;
        kept += 1;
        expect(answer.body).toMatchObject(Object.fromEntries(shown));
        const read = answer.location && OPEN_ROUTES.find((each) => isReadOf(each, route));
        if (read)
          expect((await front.send(read, answer.location.replace(API, ''))).body).toMatchObject(
            Object.fromEntries(shown),
          );
      }
    }
    expect(wrong).toEqual([]);
    expect(kept / sent).toBeGreaterThan(0.3);
  });

  /** What is refused by a rule that no schema tells is left out; what is needed beside the rest is added. */
  async function accepted(route: ServiceRoute, path: string, base: object, odd: Record<string, unknown>) {
    const { properties = {} } = objectOf(route);
    const changes = { ...odd };
    for (let tries = 0; ; tries++) {
      const answer = await ask(route, path, { body: { ...base, ...changes } }, (each) => {
        if (each.status !== 400) return each.status < 500;
        const named = namesOf(each).map((name) => name.split('.')[0]!);
        return named.length > 0 && named.every((name) => name in properties);
      });
      const named = [...new Set(namesOf(answer).map((name) => name.split('.')[0]!))].filter(
        (name) => name in properties,
      );
      if (answer.status < 300 || named.length === 0 || tries === 3) return { answer, changes };
      for (const name of named)
        if (name in changes) delete changes[name];
        else changes[name] = sample(name, properties[name]!, front.known);
    }
  }
});

const is =
  (...statuses: number[]) =>
  ({ status }: Answer) =>
    statuses.includes(status);
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const isReadOf = (route: ServiceRoute, create: ServiceRoute): boolean =>
  route.method === 'GET' && route.path === `${create.path}/:id`;

const NO_NUMBERS = ['', 'x', '1e400', 'NaN', '0x10', '%00', '9'.repeat(30)];
const WRONG_MEMBERS = ['', '%00', 'x', '__proto__', 'toString'];
const WRONG_FILTERS: Record<ValueType, readonly string[]> = {
  code: ['', '%00', 'x'.repeat(301)],
  contains: ['', '%00', 'x'.repeat(301)],
  id: ['', 'x', '%00', '01900000-0000-7000-8000-00000000000g'],
  int: [...NO_NUMBERS, '1.5', '99999999999'],
  number: NO_NUMBERS,
  money: NO_NUMBERS,
  date: ['', 'x', '%00', '2026-02-30', '20260101', '0000-01-01'],
  instant: ['', 'x', '%00', '2026-02-30', '2026-01-01T25:00:00Z'],
  boolean: ['', '1', 'yes', '%00'],
};
const ODD_FILTERS = ['%F0%9F%91%8D', '%E2%80%AE', '__proto__', 'constructor', '%25_%5C', "'"];

const some = <T>(all: readonly T[], from: number, count: number): T[] =>
  Array.from({ length: Math.min(count, all.length) }, (_, index) => all[(from + index) % all.length]!);

const isAmount = (schema: Schema): boolean => bare(schema).schema.example === '1234.50';

function oddBodies({ properties = {} }: Schema): Record<string, unknown>[] {
  const all = Object.entries(properties);
  const texts = all.filter(([, each]) => isFreeText(each));
  return [
    ...(texts.length > 0 ? ODD_TEXTS : []).map((text) =>
      Object.fromEntries(texts.map(([name, each]) => [name, text(bare(each).schema.maxLength ?? 100)])),
    ),
    ...all.flatMap(([name, each]) => oddNumbers(each).map((value) => ({ [name]: value }))),
  ];
}
