import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Operation, outcomeOf } from './history.js';
import type { People, Reply } from './people.js';
import type { SeededRandom } from './seeded-random.js';

export interface WorkloadOptions {
  /** Stories begun each second; a story is four to six writes. */
  readonly storiesPerSecond: number;
  /** Feeds orders past the gateway. @returns as an HTTP status how that ended, 0 when it is not known */
  readonly feedOrders?: (items: readonly object[], key: string) => Promise<number>;
}

type Described = Pick<Operation, 'kind' | 'marker' | 'of' | 'value' | 'person'>;

const OWNERS = ['alice', 'bob'] as const;
const ATTEMPTS = 4;
const RETRY_MS = 700;

/**
 * Stories of several people, begun by the clock and not by the answers, so that a slow answer hides no other. Half of the writes
 * whose end is unknown are repeated under the same Idempotency-Key, as a careful client does; the others stay unknown.
 */
export class Workload {
  readonly history: Operation[] = [];
  private readonly running = new Set<Promise<void>>();
  private readonly fedCustomers: string[] = [];
  private readonly orderVersions = new Map<string, number>();
  private timer?: NodeJS.Timeout;
  private count = 0;

  constructor(
    private readonly people: People,
    private readonly random: SeededRandom,
    private readonly run: string,
    private readonly options: WorkloadOptions,
  ) {}

  start(): void {
    const begun = performance.now();
    const tick = () => {
      const due = ((performance.now() - begun) / 1000) * this.options.storiesPerSecond;
      while (this.count < due) this.begin();
    };
    this.timer = setInterval(tick, 10);
  }

  /** Begins nothing more, and waits for what has begun. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.running);
  }

  private begin(): void {
    const number = ++this.count;
    const tell = [() => this.winACustomer(number), () => this.keepACustomer(number), () => this.feedOrders(number)][
      number % 3
    ]!;
    const story = tell().finally(() => this.running.delete(story));
    this.running.add(story);
  }

  /** MKT-6: from the opportunity to the customer. */
  private async winACustomer(number: number): Promise<void> {
    const marker = `Won ${this.run} ${number}`;
    const owner = this.random.pick(OWNERS);
    const path = '/opportunities';
    const opportunity = await this.write({ kind: 'opportunity', marker, person: 'manager' }, path, {
      customerName: marker,
      summary: 'First order',
      description: '他们想要一份报价',
      successRate: 60,
      contactName: '王芳',
    });
    if (!opportunity) return;
    const at = `${path}/${opportunity.body.id as string}`;
    if (
      !(await this.write({ kind: 'assign', marker, person: 'manager' }, `${at}/assign`, {
        assigneeId: this.people.ids.get(owner),
      }))
    )
      return;
    const item = await this.write({ kind: 'plan', marker, person: owner }, `${at}/plan-items`, {
      date: '2026-01-15',
      todo: 'Visit',
    });
    if (!item) return;
    const result = `${at}/plan-items/${item.body.id as string}/result`;
    if (!(await this.write({ kind: 'result', marker, person: owner }, result, { result: 'They agree' }))) return;
    await this.write({ kind: 'win', marker, person: owner }, `${at}/win`, undefined);
  }

  /** A customer that changes several times at once, its contact and its ticket. */
  private async keepACustomer(number: number): Promise<void> {
    const marker = `Kept ${this.run} ${number}`;
    const owner = this.random.pick(OWNERS);
    const ownerId = this.people.ids.get(owner);
    const reference = `F${this.run}-${number}`;
    const made = await this.write({ kind: 'customer', marker, person: 'manager' }, '/customers', {
      name: marker,
      ownerId,
      externalRef: reference,
    });
    if (!made) return;
    this.fedCustomers.push(reference);
    const at = `/customers/${made.body.id as string}`;
    for (let change = 1; change <= 3; change++) {
      const value = `${marker} changed ${change}`;
      await this.write(
        { kind: 'update', marker: value, of: marker, value, person: owner },
        at,
        { remarks: value },
        'PATCH',
      );
    }
    const contact = `Contact of ${marker}`;
    await this.write({ kind: 'contact', marker: contact, of: marker, person: owner }, `${at}/contacts`, {
      name: contact,
    });
    const ticket = `Ticket of ${marker}`;
    await this.write({ kind: 'ticket', marker: ticket, of: marker, person: 'manager' }, '/tickets', {
      type: 'complaint',
      summary: ticket,
      customerId: made.body.id,
      request: '货还没到',
    });
  }

  /** FEED: new orders and newer versions of old ones, of customers that exist. */
  private async feedOrders(number: number): Promise<void> {
    if (this.fedCustomers.length === 0) return;
    const keys = Array.from({ length: 3 }, (_, index) => `O${this.run}-${number}-${index}`);
    const again = [...this.orderVersions.keys()];
    if (again.length > 0) keys.push(this.random.pick(again));
    const items = keys.map((key) => {
      const version = (this.orderVersions.get(key) ?? 0) + 1;
      this.orderVersions.set(key, version);
      return {
        key,
        version,
        customerRef: this.random.pick(this.fedCustomers),
        date: '2026-03-15',
        status: 'paid',
        currency: 'CNY',
        lines: [{ productKey: 'tea', quantity: version, unitPrice: '10.00' }],
      };
    });
    const value = JSON.stringify(items.map(({ key, version }) => [key, version]));
    const operation = { kind: 'orders', marker: `Feed ${this.run} ${number}`, value, person: 'sales-system' } as const;
    const { feedOrders } = this.options;
    if (feedOrders) await this.attempt(operation, async (key) => ({ status: await feedOrders(items, key), body: {} }));
    else await this.write(operation, '/sales-feed/orders', { items }, 'PUT');
  }

  private write(
    operation: Described,
    path: string,
    body: unknown,
    method: 'POST' | 'PATCH' | 'PUT' = 'POST',
  ): Promise<Reply | undefined> {
    return this.attempt(operation, (key) => this.people.ask(method, path, operation.person, body, key));
  }

  /** @returns the answer when it was done */
  private async attempt(operation: Described, ask: (key: string) => Promise<Reply>): Promise<Reply | undefined> {
    const key = randomUUID();
    const invokedAt = this.people.now();
    const careful = this.random.next() < 0.5;
    let reply: Reply;
    let attempts = 0;
    let doubtful = false;
    do {
      if (attempts++ > 0) await sleep(RETRY_MS * attempts);
      reply = await ask(key);
      // 409 to a repeated key: the first request is still at work.
      if (reply.body.type === '/problems/idempotency-in-progress' || reply.status === 429)
        reply = { ...reply, status: 503 };
      doubtful ||= outcomeOf(reply.status) === 'unknown';
    } while (careful && outcomeOf(reply.status) === 'unknown' && attempts < ATTEMPTS);
    let outcome = outcomeOf(reply.status);
    // A refusal after an attempt of unknown end says nothing of that one.
    if (outcome === 'failed' && doubtful) outcome = 'unknown';
    this.history.push({ ...operation, invokedAt, endedAt: this.people.now(), outcome, attempts });
    return outcome === 'ok' ? reply : undefined;
  }
}
