import { inboxPrefix } from '#contracts';
import { type ApiError, JetStreamApiError, type PubAck, PubHeaders } from '@nats-io/jetstream';
import { createInbox, headers, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';

interface Waiting {
  readonly until: number;
  resolve(answer: PubAck): void;
  reject(reason: Error): void;
}

const NOBODY_LISTENS = 503;

/**
 * Publishes to JetStream and waits for its answers, all of them by one subscription and one timer. The client's own publishing is a
 * request for each message, with a timer, three promises and an error that nobody sees: more work than the message itself.
 */
export class AcknowledgedPublisher {
  private readonly inbox: string;
  private readonly subscription: Subscription;
  private readonly timer: NodeJS.Timeout;
  /** By the last part of the subject for the answer, the oldest first. */
  private readonly waiting = new Map<string, Waiting>();
  private sent = 0;

  /** @param user whose inbox it is; none where NATS asks for no user */
  constructor(
    private readonly connection: NatsConnection,
    user: string | undefined,
    private readonly timeoutMs: number,
  ) {
    this.inbox = createInbox(user && inboxPrefix(user));
    this.subscription = connection.subscribe(`${this.inbox}.*`, {
      callback: (error, answer) => (error ? this.failAll(error) : this.take(answer)),
    });
    this.timer = setInterval(() => this.giveUp(), timeoutMs / 10);
  }

  /**
   * @param id the broker keeps one message of an id
   * @throws JetStreamApiError when the stream refuses it; Error when there is no answer in time: it may be in the stream or not
   */
  publish(subject: string, payload: string, id: string): Promise<PubAck> {
    const token = String(++this.sent);
    const head = headers();
    head.set(PubHeaders.MsgIdHdr, id);
    return new Promise((resolve, reject) => {
      this.connection.publish(subject, payload, { reply: `${this.inbox}.${token}`, headers: head });
      this.waiting.set(token, { until: performance.now() + this.timeoutMs, resolve, reject });
    });
  }

  /** Nothing waits any more. */
  close(): void {
    clearInterval(this.timer);
    this.subscription.unsubscribe();
    this.failAll(new Error('the publisher was closed'));
  }

  private take(answer: Msg): void {
    const token = answer.subject.slice(this.inbox.length + 1);
    const waiting = this.waiting.get(token);
    if (!waiting) return;
    this.waiting.delete(token);
    // What is thrown here would end the client's reading.
    try {
      waiting.resolve(acknowledgement(answer));
    } catch (error) {
      waiting.reject(error as Error);
    }
  }

  private giveUp(): void {
    const now = performance.now();
    for (const [token, waiting] of this.waiting) {
      if (waiting.until > now) return;
      this.waiting.delete(token);
      waiting.reject(new Error('the broker has not answered'));
    }
  }

  private failAll(reason: Error): void {
    for (const waiting of this.waiting.values()) waiting.reject(reason);
    this.waiting.clear();
  }
}

function acknowledgement(answer: Msg): PubAck {
  if (answer.headers?.code === NOBODY_LISTENS) throw new Error('no stream takes this subject');
  const { error, ...acknowledged } = answer.json<PubAck & { error?: ApiError }>();
  if (error) throw new JetStreamApiError(error);
  if (!Number.isSafeInteger(acknowledged.seq)) throw new Error('the answer is no acknowledgement');
  return acknowledged;
}
