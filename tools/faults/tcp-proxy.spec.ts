import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { TcpProxy } from './tcp-proxy.js';

/** Not `once`, which takes the error before the end for its own. */
const end = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

describe('The proxy of the fault suite', () => {
  let echo: Server;
  let proxy: TcpProxy;
  let client: Socket;
  const heard: Buffer[] = [];
  const arrived = async (length: number) => {
    while (Buffer.concat(heard).length < length) await once(client, 'data');
    return Buffer.concat(heard.splice(0)).toString();
  };
  beforeAll(async () => {
    echo = createServer((socket) => socket.pipe(socket).on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await TcpProxy.to((echo.address() as { port: number }).port, () => 0.5);
  });
  beforeEach(async () => {
    proxy.become({});
    client = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    client.on('data', (data: Buffer) => heard.push(data));
    await once(client, 'connect');
  });
  afterEach(() => {
    client.destroy();
  });
  afterAll(async () => {
    await proxy.close();
    echo.close();
  });

  it('passes on what comes, both ways', async () => {
    client.write('hello');
    expect(await arrived(5)).toBe('hello');
  });

  it('is late by the latency and keeps the order', async () => {
    proxy.become({ latencyMs: 100, slice: 2 });
    const begun = performance.now();
    client.write('abcdef');
    expect(await arrived(6)).toBe('abcdef');
    // There and back again.
    expect(performance.now() - begun).toBeGreaterThan(195);
  });

  it('lets nothing through while it swallows, and everything after', async () => {
    proxy.become({ swallow: 'up' });
    client.write('lost');
    await new Promise((resolve) => setImmediate(resolve));
    const other = connect(proxy.port, '127.0.0.1');
    await once(other, 'connect');
    proxy.become({});
    other.write('kept');
    const [answer] = (await once(other, 'data')) as [Buffer];
    expect(answer.toString()).toBe('kept');
    expect(heard).toEqual([]);
    other.destroy();
  });

  it('resets what is connected', async () => {
    client.write('x');
    await arrived(1);
    const closed = end(client);
    proxy.resetAll();
    await closed;
    expect(client.destroyed).toBe(true);
  });

  it('refuses new connections', async () => {
    proxy.become({ refuse: true });
    const refused = connect(proxy.port, '127.0.0.1').on('error', () => undefined);
    await end(refused);
    expect(refused.bytesRead).toBe(0);
  });

  it('keeps to its bandwidth', async () => {
    proxy.become({ bytesPerSecond: 10_000 });
    const begun = performance.now();
    client.write(Buffer.alloc(2000, 'x'));
    await arrived(2000);
    expect(performance.now() - begun).toBeGreaterThan(195);
  });
});
