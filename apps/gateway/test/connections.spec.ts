import { describe, expect, it } from '@jest/globals';
import { createLogger, type Logger } from '#platform';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connectionServer, FurtherAcceptors } from '../src/http/further-acceptors.js';
import { MAX_CONNECTIONS, publicServer } from '../src/http/public.server.js';

const logger = createLogger('gateway', 'silent');

/** Connections of this machine that were dropped because too many waited, as the kernel counts them. */
function foundNoRoom(): number {
  const [names, counts] = readFileSync('/proc/net/netstat', 'utf8').split('\n');
  return Number(counts!.split(' ')[names!.split(' ').indexOf('ListenOverflows')]);
}

const refusal = (port: number) =>
  new Promise<string | undefined>((resolve) => {
    connect(port, '127.0.0.1').on('error', ({ code }: NodeJS.ErrnoException) => resolve(code));
  });

describe('ALL-4: new clients are heard at once, though there are many', () => {
  it('a turn of the event loop accepts several connections', async () => {
    const turnOf: number[] = [];
    let turn = 0;
    const take = (socket: Socket) => {
      turnOf.push(turn);
      socket.resume().once('end', () => socket.end());
    };
    const server = connectionServer(take).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const acceptors = new FurtherAcceptors(server, 1000, logger);
    await acceptors.opened;

    const clients = Array.from({ length: 64 }, () => connect(port, '127.0.0.1'));
    const count = () => {
      turn++;
      if (turnOf.length < clients.length) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(clients.map((client) => once(client, 'connect')));
    while (turnOf.length < clients.length) await new Promise(setImmediate);
    expect(new Set(turnOf).size).toBeLessThanOrEqual(16);

    for (const client of clients) client.end();
    await Promise.all([acceptors.close(), once(server.close(), 'close')]);
    expect(await refusal(port)).toBe('ECONNREFUSED');
  });

  it('as many may wait to be accepted as before', async () => {
    let ended = 0;
    const take = (socket: Socket) =>
      void socket.resume().once('end', () => {
        socket.end();
        ended++;
      });
    const server = connectionServer(take).listen(0, '127.0.0.1', 1000);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const acceptors = new FurtherAcceptors(server, 1000, logger);
    await acceptors.opened;
    const before = foundNoRoom();
    const clients = Array.from({ length: 900 }, () => connect(port, '127.0.0.1'));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    expect(foundNoRoom()).toBe(before);
    for (const client of clients) client.end();
    while (ended < clients.length) await new Promise(setImmediate);
    await Promise.all([acceptors.close(), once(server.close(), 'close')]);
  });

  it('can be closed while it is opened, and then nothing listens', async () => {
    const server = connectionServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const acceptors = new FurtherAcceptors(server, 1000, logger);
    await Promise.all([acceptors.close(), once(server.close(), 'close')]);
    expect(await refusal(port)).toBe('ECONNREFUSED');
  });

  it('a server that has no socket gets none, says so, and goes on', async () => {
    const said: unknown[] = [];
    const warn = (about: unknown) => said.push(about);
    const server = connectionServer(() => undefined);
    const acceptors = new FurtherAcceptors(server, 1000, { warn } as unknown as Logger);
    await acceptors.opened;
    expect(said).toEqual([expect.objectContaining({ accepted: 1 })]);
    await acceptors.close();
  });

  it('one connection more than the server takes is closed; when another has gone there is room again', async () => {
    const answer: RequestListener = (_request, response) => response.end();
    const server = publicServer('/api/', answer, () => false)(answer, {}) as ReturnType<typeof createServer>;
    server.keepAliveTimeout = 0;
    server.listen(0, '127.0.0.1', MAX_CONNECTIONS);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ask = () =>
      new Promise<{ client: Socket; answered: boolean }>((resolve) => {
        const client = connect(port, '127.0.0.1');
        client.once('data', () => resolve({ client, answered: true }));
        client.once('close', () => resolve({ client, answered: false })).on('error', () => undefined);
        client.write('GET /api/ HTTP/1.1\r\nhost: localhost\r\n\r\n');
      });
    const clients = await Promise.all(Array.from({ length: MAX_CONNECTIONS }, ask));
    expect(clients.every(({ answered }) => answered)).toBe(true);
    expect((await ask()).answered).toBe(false);
    clients[0]!.client.destroy();
    let again = await ask();
    while (!again.answered) again = await ask();
    for (const { client } of [...clients, again]) client.destroy();
    server.closeAllConnections();
    await once(server.close(), 'close');
  });
});
