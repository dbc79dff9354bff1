import { Pool } from 'undici';
import type { Product } from './product.js';

/** Calls the API through the gateway with as little work of its own as possible. */
export class GatewayClient {
  private readonly pool: Pool;

  constructor(product: Product, connections = 64) {
    this.pool = new Pool(product.url, { connections });
  }

  /** @throws Error for an answer that is not 2xx */
  async call<T>(method: 'GET' | 'POST' | 'PUT', path: string, token: string, body?: object): Promise<T> {
    const response = await this.pool.request({
      method,
      path: `/api/v1${path}`,
      headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
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
