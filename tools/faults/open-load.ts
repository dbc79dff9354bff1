import { Agent } from 'undici';
import type { People } from './people.js';

export interface Sample {
  /** Milliseconds since the load began, and until the answer. */
  readonly at: number;
  readonly ms: number;
  /** 0: no answer. */
  readonly status: number;
}

interface Phase {
  readonly perSecond: number;
  readonly milliseconds: number;
  readonly ended?: () => void;
}

/** As many as the gateway takes, nearly: a client that waits for a connection would not be one more client. */
const CONNECTIONS = 1800;
const TIMEOUT_MS = 12_000;
const READS = ['/opportunities?limit=20', '/customers?limit=20', '/tickets?limit=20', '/opportunities?limit=5'];

/** Requests of many clients, one in five of them a write, with no memory of earlier answers. */
export class Load {
  private readonly dispatcher = new Agent({
    connections: CONNECTIONS,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  private count = 0;

  constructor(
    private readonly gateway: string,
    private readonly people: People,
  ) {}

  /** Each client asks again when it has its answer. */
  async closed(clients: number, milliseconds: number): Promise<Sample[]> {
    const samples: Sample[] = [];
    const begun = performance.now();
    const client = async () => {
      while (performance.now() - begun < milliseconds) samples.push(await this.ask(begun));
    };
    await Promise.all(Array.from({ length: clients }, client));
    return samples;
  }

  /** So many requests a second, whatever becomes of them, one phase right after the other. */
  async open(phases: readonly Phase[]): Promise<Sample[]> {
    const running: Array<Promise<Sample>> = [];
    const begun = performance.now();
    let phaseBegins = begun;
    for (const { perSecond, milliseconds, ended } of phases) {
      let sent = 0;
      for (let now = 0; now < milliseconds; now = performance.now() - phaseBegins) {
        for (; sent < (now / 1000) * perSecond; sent++) running.push(this.ask(begun));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      phaseBegins += milliseconds;
      ended?.();
    }
    return Promise.all(running);
  }

  close(): Promise<void> {
    return this.dispatcher.close();
  }

  private async ask(begun: number): Promise<Sample> {
    const number = this.count++;
    const write = number % 5 === 0;
    const at = performance.now() - begun;
    const sample = (status: number) => ({ at, ms: performance.now() - begun - at, status });
    try {
      const answer = await this.dispatcher.request({
        origin: this.gateway,
        path: `/api/v1${write ? '/customers' : READS[number % READS.length]!}`,
        method: write ? 'POST' : 'GET',
        headers: {
          authorization: this.people.authorization('manager'),
          ...(write ? { 'content-type': 'application/json' } : {}),
        },
        body: write ? JSON.stringify({ name: `Load ${number}`, ownerId: this.people.ids.get('alice') }) : null,
      });
      await answer.body.dump();
      return sample(answer.statusCode);
    } catch {
      return sample(0);
    }
  }
}

export const admitted = (samples: readonly Sample[]): Sample[] =>
  samples.filter(({ status }) => status >= 200 && status < 300);
