import { Inject, Injectable } from '@nestjs/common';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { AccessSnapshot, ASSERTION_HEADER, AuthRoutes, CrmError, inboxPrefix } from '#contracts';
import { type Logger, LOGGER } from '#platform/without-database';
import { setTimeout as pause } from 'node:timers/promises';
import { GatewayConfig } from '../gateway.config.js';
import { GATEWAY_CONFIG } from '../gateway.tokens.js';
import { Upstreams } from '../proxy/upstreams.js';
import { AccessState } from './access.state.js';
import { AssertionSigner } from './assertion.signer.js';

const POLL_MS = 1000;
/** Where everything starts at once, auth takes its time. */
const PATIENCE_MS = 15_000;
const PATH = `/api/v1${AuthRoutes.accessSnapshot.path}`;

/**
 * The gateway's live copy of keys, rights and ended sessions. It asks auth each second, and at once when auth says over
 * NATS that something changed; requests only ever read what is there.
 */
@Injectable()
export class AccessCopy {
  private state?: AccessState;
  private readonly stopping = new AbortController();
  private asking = false;
  private askAgain = false;
  private readonly patientUntil = performance.now() + PATIENCE_MS;
  private toldOfFailure = false;
  private work: Promise<void>[] = [];

  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly upstreams: Upstreams,
    private readonly signer: AssertionSigner,
  ) {}

  /** Throws 503 until auth answered for the first time. */
  get current(): AccessState {
    if (!this.state) throw new CrmError('service-unavailable', { seconds: 1 });
    return this.state;
  }

  get present(): boolean {
    return this.state !== undefined;
  }

  onModuleInit(): void {
    this.work = [this.poll(), this.listen()];
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.work);
  }

  /** Asks auth now. A call during a running question makes it ask once more behind it. */
  async refresh(): Promise<void> {
    this.askAgain = true;
    if (this.asking) return;
    this.asking = true;
    try {
      while (this.askAgain && !this.stopping.signal.aborted) {
        this.askAgain = false;
        await this.ask();
      }
      this.toldOfFailure = false;
    } catch (error) {
      const starting = !this.state && performance.now() < this.patientUntil;
      if (this.toldOfFailure || starting || this.stopping.signal.aborted) return;
      this.logger.warn({ err: error }, 'auth does not answer');
      this.toldOfFailure = true;
    } finally {
      this.asking = false;
    }
  }

  private async ask(): Promise<void> {
    const headers: Record<string, string> = { [ASSERTION_HEADER]: await this.signer.gateway('auth') };
    if (this.state) headers['if-none-match'] = `"${this.state.revision}"`;
    const { status, body } = await this.upstreams.of('auth').get(PATH, headers, this.stopping.signal);
    if (status === 304) return;
    if (status !== 200) throw new Error(`auth answered ${status}`);
    this.state = AccessState.of(AccessSnapshot.parse(JSON.parse(body)), this.state);
    this.logger.debug({ revision: this.state.revision }, 'access rights are up to date');
  }

  private async poll(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.refresh();
      await this.rest(this.state ? POLL_MS : POLL_MS / 10);
    }
  }

  private async listen(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.follow(await this.connect());
      } catch (error) {
        this.logger.debug({ err: error }, 'no NATS; access rights are polled');
      }
      await this.rest(POLL_MS);
    }
  }

  private connect(): Promise<NatsConnection> {
    const { NATS_URL, NATS_USER, NATS_PASSWORD } = this.config;
    return connect({
      servers: NATS_URL.split(','),
      name: 'gateway',
      ...(NATS_USER ? { user: NATS_USER, pass: NATS_PASSWORD ?? '', inboxPrefix: inboxPrefix(NATS_USER) } : {}),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      pingInterval: 5000,
      maxPingOut: 2,
      timeout: 2000,
    });
  }

  /** Ends when the connection is closed. What was missed while it was away is covered by the polling. */
  private async follow(connection: NatsConnection): Promise<void> {
    const close = () => void connection.close();
    this.stopping.signal.addEventListener('abort', close);
    if (this.stopping.signal.aborted) close();
    connection.subscribe('crm.auth.>', { callback: () => void this.refresh() });
    await connection.closed();
    this.stopping.signal.removeEventListener('abort', close);
  }

  private async rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.stopping.signal }).catch(() => undefined);
  }
}
