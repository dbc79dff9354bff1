import { Pool } from 'undici';
import type { Product } from './product.js';

/** Calls the API through the gateway with as little work of its own as possible. */
export class GatewayClient {
  private readonly pool: Pool;

  constructor(product: Product, connections = 64) {
    this.pool = new Pool(product.url, { connections });
  }

  /** @throws Error for an answer that is not 2xx */
  call<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH', path: string, token: string, body?: object): Promise<T> {
    return this.send(method, path, token, body && { type: 'application/json', text: JSON.stringify(body) });
  }

  /** @throws Error for an answer that is not 2xx */
  upload<T>(path: string, token: string, csv: string): Promise<T> {
    return this.send('POST', path, token, { type: 'text/csv', text: csv });
  }

  private async send<T>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH',
    path: string,
    token: string,
    body?: { readonly type: string; readonly text: string },
  ): Promise<T> {
    const response = await this.pool.request({
      method,
      path: `/api/v1${path}`,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': body.type } : {}) },
      ...(body ? { body: body.text } : {}),
    });
    if (response.statusCode >= 300)
      throw new Error(`${method} ${path}: ${response.statusCode} ${await response.body.text()}`);
    return (await response.body.json()) as T;
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

/** Does the work of all items, `width` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: width }, async () => {
      while (next < items.length) await work(items[next++]!);
    }),
  );
}
