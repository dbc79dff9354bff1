import type { Logger } from '#platform/without-database';
import { type ChildProcess, type SendHandle, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';

const FURTHER = 15;
/** Node starts in a tenth of a second, and in seconds where all others start, too. */
const ECHO_MS = 30_000;
/** Says back, as often as it is asked to, each listening socket it is sent: what comes back is a handle of its own. */
const ECHO = "process.on('message', (times, handle) => { while (times-- > 0) process.send(times, handle); });";

/** A server with what `http.Server` demands of its connections, which go to `take`. */
export const connectionServer = (take: (socket: Socket) => void): TcpServer =>
  createTcpServer({ noDelay: true, allowHalfOpen: true }, take);

/**
 * Accepts more than one connection in a turn of the event loop, which is what Node does for each handle of a listening
 * socket (libuv since 1.45). A gateway that waits for the processor turns 20 to 100 times a second: with one handle a new
 * client, or a health probe, would wait for seconds until the server even hears of it. Node can have more handles of a
 * socket only from another process, which lives as long as that takes.
 */
export class FurtherAcceptors {
  private readonly servers: TcpServer[] = [];
  private echo?: ChildProcess;
  private closing = false;
  /** Resolves when it has what it can get. */
  readonly opened: Promise<void>;

  /**
   * @param listening the server that has the socket, and takes all connections; not closed here
   * @param backlog of the socket: each handle sets it anew
   */
  constructor(
    private readonly listening: TcpServer,
    private readonly backlog: number,
    private readonly logger: Logger,
  ) {
    this.opened = this.open();
  }

  /** Resolves when the last of its connections has ended. */
  async close(): Promise<void> {
    this.closing = true;
    this.echo?.kill('SIGKILL');
    await this.opened;
    await Promise.all(this.servers.map((server) => once(server.close(), 'close')));
  }

  private async open(): Promise<void> {
    const err = await this.receiveHandles().catch((error: unknown) => error);
    const accepted = 1 + this.servers.length;
    if (accepted <= FURTHER && !this.closing)
      this.logger.warn({ err, accepted }, 'fewer connections are accepted in a turn of the event loop than should be');
  }

  private receiveHandles(): Promise<void> {
    return new Promise((resolve, reject) => {
      const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
      const echo = spawn(process.execPath, ['-e', ECHO], { env: {}, stdio: [...stdio] });
      this.echo = echo;
      // A handle can be lost on its way, where this process has too many files open.
      const limit = setTimeout(() => echo.kill('SIGKILL'), ECHO_MS).unref();
      echo.on('error', reject).once('exit', () => {
        clearTimeout(limit);
        resolve();
      });
      let received = 0;
      echo.on('message', (_, handle) => {
        if (handle) this.listenOn(handle);
        if (++received === FURTHER) echo.disconnect();
      });
      // Not the server itself: the other process would accept connections, too.
      const { _handle: handle } = this.listening as unknown as { _handle: TcpServer };
      echo.send(FURTHER, handle, () => undefined);
    });
  }

  private listenOn(handle: SendHandle): void {
    const server = connectionServer((socket) => this.listening.emit('connection', socket));
    this.servers.push(server);
    server.on('error', (err) => {
      this.logger.warn({ err }, 'a further handle of the port does not listen');
      this.servers.splice(this.servers.indexOf(server), 1);
    });
    server.listen(handle, this.backlog);
  }
}
