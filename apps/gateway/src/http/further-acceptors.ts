import type { Logger } from '#platform/without-database';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net';

const FURTHER = 15;
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
  private readonly echo: ChildProcess;
  /** Resolves when it has what it can get. */
  readonly opened: Promise<void>;
  private closing = false;

  /**
   * @param listening the server that has the socket; not closed here
   * @param backlog of the socket: each handle sets it anew
   * @param take what to do with a connection
   */
  constructor(
    listening: TcpServer,
    private readonly backlog: number,
    private readonly take: (socket: Socket) => void,
    private readonly logger: Logger,
  ) {
    const stdio = ['ignore', 'ignore', 'ignore', 'ipc'] as const;
    this.echo = spawn(process.execPath, ['-e', ECHO], { env: {}, stdio: [...stdio] });
    this.opened = this.open(listening);
  }

  async close(): Promise<void> {
    this.closing = true;
    this.echo.kill('SIGKILL');
    await this.opened;
    await Promise.all(this.servers.map((server) => once(server.close(), 'close')));
  }

  private async open(listening: TcpServer): Promise<void> {
    const ended = new Promise<void>((resolve) =>
      this.echo.once('exit', () => resolve()).once('error', () => resolve()),
    );
    this.echo.on('message', (_, handle) => {
      const server = connectionServer(this.take).listen(handle, this.backlog);
      server.on('error', (err) => this.logger.warn({ err }, 'a connection could not be accepted'));
      this.servers.push(server);
      if (this.servers.length === FURTHER) this.echo.disconnect();
    });
    // Not the server itself: the other process would accept connections, too.
    const { _handle: handle } = listening as unknown as { _handle: TcpServer };
    this.echo.send(FURTHER, handle, () => undefined);
    await ended;
    const accepted = 1 + this.servers.length;
    if (accepted <= FURTHER && !this.closing)
      this.logger.warn(
        { accepted },
        'connections that are accepted in a turn of the event loop: fewer than there should be',
      );
  }
}
