import { once } from 'node:events';
import { createServer, connect, type Server, type Socket } from 'node:net';

/** What a bad network does to a connection; everything off is a good one. */
export interface Weather {
  /** Nobody listens: new connections are refused. */
  refuse?: boolean;
  /** Bytes towards the server, or back from it, vanish, while the connection stays open. */
  swallow?: 'up' | 'down' | 'both';
  /** Milliseconds by which each piece is late, and how much more at most. */
  latencyMs?: number;
  jitterMs?: number;
  bytesPerSecond?: number;
  /** Pieces of at most so many bytes. */
  slice?: number;
}

/** A stretch of network between two programs of one machine, whose weather can be changed at any time. */
export class TcpProxy {
  private readonly pairs = new Set<[Socket, Socket]>();
  private weather: Weather = {};
  /** Bytes that went through, both ways. */
  carried = 0;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** Listens on a free port of the loopback and leads to `target` there. `random`: 0 to below 1, for the jitter. */
  static async to(target: number, random: () => number): Promise<TcpProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (!address || typeof address === 'string') throw new Error('the proxy has no port');
    const proxy = new TcpProxy(server, address.port);
    server.on('connection', (client) => proxy.join(client, target, random));
    return proxy;
  }

  become(weather: Weather): void {
    const { refuse = false } = this.weather;
    this.weather = weather;
    if (weather.refuse && !refuse) this.server.close();
    else if (!weather.refuse && refuse) this.server.listen(this.port, '127.0.0.1');
  }

  /** Breaks what is connected, as `reset`, not as a farewell. */
  resetAll(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.resetAll();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket, target: number, random: () => number): void {
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const pair: [Socket, Socket] = [client, upstream];
    this.pairs.add(pair);
    const part = () => {
      this.pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.once('error', part).once('close', part);
    this.carry(client, upstream, 'up', random);
    this.carry(upstream, client, 'down', random);
  }

  /** In order: a piece never overtakes another, whatever its delay. */
  private carry(from: Socket, to: Socket, direction: 'up' | 'down', random: () => number): void {
    let before = Promise.resolve();
    let free = 0;
    const pass = async (piece: Buffer, dueAt: number) => {
      const wait = dueAt - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      if (to.destroyed || !to.writable) return;
      to.write(piece);
      this.carried += piece.length;
    };
    from.on('data', (data: Buffer) => {
      const { swallow, latencyMs = 0, jitterMs = 0, bytesPerSecond, slice = data.length } = this.weather;
      if (swallow === direction || swallow === 'both') return;
      for (let at = 0; at < data.length; at += slice) {
        const piece = data.subarray(at, at + slice);
        free = Math.max(free, performance.now()) + (bytesPerSecond ? (piece.length / bytesPerSecond) * 1000 : 0);
        const dueAt = free + latencyMs + random() * jitterMs;
        before = before.then(() => pass(piece, dueAt));
      }
      if (to.writableLength > 1024 * 1024) {
        from.pause();
        to.once('drain', () => from.resume());
      }
    });
    from.once('end', () => void before.then(() => to.end()));
  }
}
