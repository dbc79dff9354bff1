import { Agent, type Dispatcher } from 'undici';
import { PASSWORD } from './cluster.js';
import type { Answer } from './history.js';

export interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const TIMEOUT_MS = 12_000;
/** Which service answers, for figures by service. */
const SERVICE_OF: Readonly<Record<string, string>> = {
  opportunities: 'marketing',
  customers: 'customer',
  jobs: 'customer',
  'sales-feed': 'customer',
  orders: 'customer',
  tickets: 'service',
  reports: 'reporting',
  users: 'auth',
  auth: 'auth',
};

/** Those who work with the CRM, each signed in at the gateway, and every answer they got. */
export class People {
  readonly answers: Answer[] = [];
  private readonly tokens = new Map<string, string>();
  /** Each person's own: what one waits for must not hold up another. */
  private readonly dispatcher = new Agent({ connections: 1500, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  readonly ids = new Map<string, string>();

  constructor(
    private readonly gateway: string,
    private readonly begun = performance.now(),
  ) {}

  /** Milliseconds since the beginning. */
  now(): number {
    return performance.now() - this.begun;
  }

  async signIn(): Promise<void> {
    for (const username of ['manager', 'alice', 'bob', 'sysadmin']) {
      const { body } = await this.expect('POST', '/auth/login', undefined, { username, password: PASSWORD });
      this.tokens.set(username, body.accessToken as string);
    }
    const machine = { grantType: 'client_credentials', clientId: 'sales-system', clientSecret: PASSWORD };
    const { body } = await this.expect('POST', '/auth/token', undefined, machine);
    this.tokens.set('sales-system', body.accessToken as string);
    const users = await this.expect('GET', '/users?limit=200', 'manager');
    for (const user of users.body.items as Array<{ id: string; username: string }>)
      this.ids.set(user.username, user.id);
  }

  authorization(person: string): string {
    return `Bearer ${this.tokens.get(person)}`;
  }

  /** @returns status 0 when no answer came. */
  async ask(
    method: Dispatcher.HttpMethod,
    path: string,
    person?: string,
    body?: unknown,
    key?: string,
  ): Promise<Reply> {
    const begun = this.now();
    const service = SERVICE_OF[path.split(/[/?]/)[1]!] ?? 'gateway';
    const note = (status: number, problem?: string) =>
      this.answers.push({
        at: begun,
        ms: this.now() - begun,
        status,
        service,
        method,
        ...(problem ? { problem } : {}),
      });
    try {
      const response = await this.dispatcher.request({
        origin: this.gateway,
        path: `/api/v1${path}`,
        method,
        headers: {
          ...(person ? { authorization: this.authorization(person) } : {}),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(key ? { 'idempotency-key': key } : {}),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      const text = await response.body.text();
      const answer = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
      note(response.statusCode, response.statusCode >= 400 ? (answer.type as string | undefined) : undefined);
      return { status: response.statusCode, body: answer };
    } catch (error) {
      note(0, (error as Error & { code?: string }).code ?? (error as Error).message);
      return { status: 0, body: {} };
    }
  }

  /** Tries until it succeeds: for what is no part of the experiment. */
  async expect(method: Dispatcher.HttpMethod, path: string, person?: string, body?: unknown): Promise<Reply> {
    for (let attempt = 0; ; attempt++) {
      const reply = await this.ask(method, path, person, body);
      if (reply.status >= 200 && reply.status < 300) return reply;
      if (attempt >= 100) throw new Error(`${method} ${path} answered ${reply.status}: ${JSON.stringify(reply.body)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** All pages of a list. */
  async list<T>(path: string, person: string): Promise<T[]> {
    const items: T[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await this.expect(
        'GET',
        `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor && `&cursor=${cursor}`}`,
        person,
      );
      items.push(...(body.items as T[]));
      cursor = body.nextCursor as string | null;
    }
    return items;
  }

  close(): Promise<void> {
    return this.dispatcher.close();
  }
}
