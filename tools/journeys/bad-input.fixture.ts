import { setTimeout as pause } from 'node:timers/promises';
import { type ProblemCode, PROBLEMS, ROUTES, type ServiceRoute } from '#contracts';
import { Agent, request } from 'undici';
import { bare, sampleObject, schemaOf, toJson } from './bad-values.js';
import { DEMO_PASSWORD, Suite } from './suite.fixture.js';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly location?: string;
  readonly body: Record<string, unknown>;
}
export interface Sent {
  readonly query?: string;
  /** Text goes as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
}
type Item = Record<string, unknown>;

const FIRST_PASSWORD = 'Admin-Passw0rd!';
const PASSWORD = 'Sweep-Passw0rd!';
const NOBODY = '01900000-0000-7000-8000-000000000000';
const AT_ONCE = 24;
export const API = '/api/v1';

/** Every route that a client may ask for. */
export const OPEN_ROUTES = ROUTES.filter(({ access }) => access !== 'gateway');
export const isPage = ({ method, list, file }: ServiceRoute): boolean =>
  method === 'GET' && list !== undefined && !list.formats && !file;

/** The whole suite with at least one record of each kind, as far as lists and creating routes tell how to come by one. */
export class Front {
  private readonly agent = new Agent({ connections: AT_ONCE });
  private readonly tokens = new Map<string, string>();
  private readonly places = new Map<string, Promise<string | undefined>>();
  /** What fits fields of these names, which no schema tells. */
  readonly known: Record<string, unknown> = {
    type: 'complaint',
    kind: 'visit',
    roles: ['account_manager'],
    rights: ['customer.read'],
    username: 'sweeper',
    password: PASSWORD,
  };

  private constructor(private readonly suite: Suite) {}

  static async start(): Promise<Front> {
    const often = { RATE_LIMIT_USER: '1000000', RATE_LIMIT_LOGIN: '1000000' };
    const front = new Front(await Suite.start(often));
    try {
      await front.signIn();
      return front;
    } catch (error) {
      await front.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.agent.close();
    await this.suite.stop();
  }

  /** As `ask`, again after a 503, as every client does: on a busy machine a service may be away for a moment, but not for this input each time. */
  async send(route: ServiceRoute, path: string, sent: Sent = {}): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.ask(route, path, sent);
      if (answer.status !== 503 || attempt === 10) return answer;
      await pause(attempt * 100);
    }
  }

  /** Asks as somebody who may: the sales system where it alone may, else the super administrator. */
  private async ask(route: ServiceRoute, path: string, { query, body, contentType }: Sent): Promise<Answer> {
    const token = this.tokens.get(route.access === 'sales-feed.write' ? 'sales-system' : 'admin');
    const answer = await request(`${this.suite.url}${API}${path}${query === undefined ? '' : `?${query}`}`, {
      dispatcher: this.agent,
      method: route.method,
      headers: {
        ...(route.access === 'public' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': contentType ?? 'application/json' }),
      },
      body: body === undefined ? null : typeof body === 'string' || Buffer.isBuffer(body) ? body : toJson(body),
    });
    const type = String(answer.headers['content-type'] ?? '');
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      type,
      location: answer.headers.location as string | undefined,
      body: type.includes('json') ? (JSON.parse(text) as Item) : {},
    };
  }

  /** The route's path with real records in its places; `real` is false where there are none, so that it answers 404. */
  async pathOf(route: ServiceRoute): Promise<{ path: string; real: boolean }> {
    const parts = route.path.split('/').slice(1);
    let [template, path, real] = ['', '', true];
    for (const part of parts) {
      const found = part.startsWith(':') ? await this.placeOf(template, path, part.slice(1)) : part;
      real &&= found !== undefined;
      template += `/${part}`;
      path += `/${found ?? NOBODY}`;
    }
    return { path, real };
  }

  /** Does it for each, several at a time. */
  async forEach<T>(each: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const left = [...each];
    const worker = async () => {
      for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** All lists as they are now, but for those that keep what was refused. */
  async everything(): Promise<Record<string, unknown>> {
    const lists = OPEN_ROUTES.filter(
      (route) => isPage(route) && !/audit|rejections|dead-letters|jobs/.test(route.path),
    );
    const state: Record<string, unknown> = {};
    await this.forEach(lists, async (route) => {
      const { path, real } = await this.pathOf(route);
      if (real) state[path] = (await this.send(route, path, { query: 'limit=200&count=true' })).body;
    });
    return state;
  }

  private placeOf(template: string, path: string, name: string): Promise<string | undefined> {
    const key = `${path}/:${name}`;
    const place = this.places.get(key) ?? this.find(template, path, name);
    this.places.set(key, place);
    return place;
  }

  /** One of the list in front of the place, or a new one. */
  private async find(template: string, path: string, name: string): Promise<string | undefined> {
    const at = (method: string) => OPEN_ROUTES.find((each) => each.method === method && each.path === template);
    const [list, create] = [at('GET'), at('POST')];
    const items = list ? ((await this.send(list, path)).body.items as Item[] | undefined) : undefined;
    let made: Item | undefined;
    // Two, so that the list has a second page.
    for (let count = items?.length ?? 0; create?.body && count < 2; count++) made = await this.create(create, path);
    const item = items?.[0] ?? made;
    const found = item?.[name] ?? item?.id;
    return found === undefined ? undefined : String(found);
  }

  private async create(route: ServiceRoute, path: string): Promise<Item | undefined> {
    const answer = await this.send(route, path, {
      body: sampleObject(bare(schemaOf(route.body!)).schema, this.known),
    });
    return answer.status < 300 ? answer.body : undefined;
  }

  private async signIn(): Promise<void> {
    const named = (name: string) => OPEN_ROUTES.find((route) => route.name === name)!;
    const done = async (name: string, body: object, path = named(name).path): Promise<Item> => {
      const answer = await this.send(named(name), path, { body });
      if (answer.status >= 300) throw new Error(`${name}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
    const login = async (password: string) => {
      const { accessToken } = await done('login', { username: 'admin', password });
      this.tokens.set('admin', String(accessToken));
    };
    await login(FIRST_PASSWORD);
    await done('changePassword', { current: FIRST_PASSWORD, new: PASSWORD });
    await login(PASSWORD);
    const machine = { grantType: 'client_credentials', clientId: 'sales-system', clientSecret: DEMO_PASSWORD };
    this.tokens.set('sales-system', String((await done('clientToken', machine)).accessToken));

    const alice = await this.suite.idOf('alice');
    Object.assign(this.known, { ownerId: alice, assigneeId: alice, toOwnerId: alice });
    this.known.customerId = (await done('createCustomer', { name: 'Sample', ownerId: alice })).id;
    const opportunity = { customerName: 'Sample', summary: 'Sample', description: 'Sample', successRate: 50 };
    const { id } = await done('createOpportunity', opportunity);
    await done('assignOpportunity', { assigneeId: alice }, `/opportunities/${String(id)}/assign`);
  }
}

/** The code of a documented refusal; throws when it is none. */
export function refusalOf(answer: Answer): ProblemCode {
  const code = String(answer.body.type).replace('/problems/', '') as ProblemCode;
  const documented = Object.hasOwn(PROBLEMS, code) && PROBLEMS[code].status === answer.body.status;
  if (!documented || answer.status !== answer.body.status || !answer.type.startsWith('application/problem+json'))
    throw new Error(`not a documented refusal: ${answer.status} ${answer.type} ${JSON.stringify(answer.body)}`);
  return code;
}
export const namesOf = (answer: Answer): string[] =>
  ((answer.body.errors ?? []) as { path: string }[]).map(({ path }) => path);
