import { readNorthwind } from './northwind-files.js';

interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
interface FeedResult {
  accepted: number;
  unchanged: number;
  rejected: Array<{ key: string | null; reason: string }>;
}

const FEED_BATCH = 200;

/**
 * Loads the sample company through the public API and the sales feed, as the people and the sales system would.
 * What is there already stays as it is, so an interrupted load goes on where it was.
 */
export async function loadDemo(options: {
  gateway: string;
  password: string;
  folder: string;
  signal: AbortSignal;
  say: (line: string) => void;
}): Promise<void> {
  const { gateway, password, folder, signal, say } = options;
  const northwind = readNorthwind(folder);

  const call = async <T>(
    method: string,
    path: string,
    token: string | undefined,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> => {
    const response = await fetch(`${gateway}/api/v1${path}`, {
      method,
      signal,
      headers: {
        ...headers,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.status === 429 || response.status === 503) {
      await response.body?.cancel();
      const seconds = Number(response.headers.get('retry-after') ?? 1);
      await new Promise((resolve) => setTimeout(resolve, Math.min(5, seconds) * 1000));
      signal.throwIfAborted();
      return call(method, path, token, body, headers);
    }
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const login = async (username: string): Promise<string> =>
    (await call<{ accessToken: string }>('POST', '/auth/login', undefined, { username, password })).accessToken;

  const manager = await login('manager');
  const people = await call<Page<{ id: string; username: string }>>('GET', '/users?limit=200', manager);
  const owners = ['alice', 'bob'].map((name) => people.items.find((person) => person.username === name)!.id);

  const customers = new Map<string, string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Page<{ id: string; externalRef: string | null }> = await call(
      'GET',
      `/customers?limit=200${cursor && `&cursor=${cursor}`}`,
      manager,
    );
    for (const { id, externalRef } of page.items) if (externalRef) customers.set(externalRef, id);
    cursor = page.nextCursor;
  }
  say(`Sample data: ${northwind.customers.length} customers …`);
  for (const [index, { customer, contact }] of northwind.customers.entries()) {
    const reference = customer.externalRef;
    let id = customers.get(reference);
    if (!id) {
      const created = await call<{ id: string }>(
        'POST',
        '/customers',
        manager,
        { ...customer, ownerId: owners[index % owners.length] },
        { 'idempotency-key': `northwind-${reference}` },
      );
      id = created.id;
    } else {
      const known = await call<Page<{ name: string }>>('GET', `/customers/${id}/contacts`, manager);
      if (known.items.length > 0) continue;
    }
    await call('POST', `/customers/${id}/contacts`, manager, contact, {
      'idempotency-key': `northwind-${reference}-contact`,
    });
  }

  const { accessToken: salesSystem } = await call<{ accessToken: string }>('POST', '/auth/token', undefined, {
    grantType: 'client_credentials',
    clientId: 'sales-system',
    clientSecret: password,
  });
  for (const kind of ['products', 'stock', 'orders'] as const) {
    const items = northwind[kind];
    const total = { accepted: 0, unchanged: 0 };
    for (let start = 0; start < items.length; start += FEED_BATCH) {
      const result = await call<FeedResult>('PUT', `/sales-feed/${kind}`, salesSystem, {
        items: items.slice(start, start + FEED_BATCH),
      });
      if (result.rejected.length > 0)
        throw new Error(`the feed of ${kind} was rejected: ${JSON.stringify(result.rejected[0])}`);
      total.accepted += result.accepted;
      total.unchanged += result.unchanged;
    }
    say(
      `Sample data: ${items.length} ${kind === 'stock' ? 'stock figures' : kind}, ${total.accepted} new, ${total.unchanged} unchanged`,
    );
  }
  say('Sample data is complete.');
}
