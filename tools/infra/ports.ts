import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Whether a TCP server could listen there now. @returns the error code (`EADDRINUSE`, `EACCES`…) when not. */
export async function listenError(port: number, host: string): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}

/** Whoever was given one may not listen on it yet. */
const given = new Set<number>();

/**
 * A loopback port nobody listens on, and that nobody else was given by this process. Taken below the range of outgoing connections (32768 on), so that none can take it, or
 * connect to itself, while the server that owns it is restarting.
 * @param preferred the port of the last start, kept when it is still free
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred && !(await listenError(preferred, '127.0.0.1'))) {
    given.add(preferred);
    return preferred;
  }
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(20_000, 32_000);
    if (given.has(port) || (await listenError(port, '127.0.0.1'))) continue;
    given.add(port);
    return port;
  }
  throw new Error('No free port between 20000 and 32000 in 100 attempts');
}
