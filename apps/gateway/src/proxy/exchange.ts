import { CrmError } from '#contracts';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { HandedAnswer } from './handed-answer.js';
import { answerHeaders, type Passport } from './headers.js';
import { ClientGone } from './quota.js';
import type { Upstream } from './upstream.js';
import { DeadlinePassed, isReset, isUnreachable, type UpstreamCopy } from './upstream.copy.js';

/** What a service has for the head of its answer, the wait for a connection and a second try included. */
export const DEADLINE_MS = 10_000;
/** What fails at once is no fast answer. */
const FAILURE_MS = 1000;

export interface ForwardedRequest {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly headers: string[];
  readonly body: Buffer | Readable | null;
}

/**
 * One request on its way to a service and its answer on the way back, piece by piece. GET and HEAD, and what has an
 * Idempotency-Key, are tried a second time when the connection breaks before an answer; all else only when no copy can have
 * seen it. An answer that has not begun by the deadline is given up.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  private copy?: UpstreamCopy;
  private controller?: Dispatcher.DispatchController;
  private tries = 0;
  private sentAt?: number;
  private over = false;
  private deadline?: NodeJS.Timeout;
  private handed?: HandedAnswer;
  /** Why nobody waits for the service any more: the client is gone, or has been told of the deadline. */
  private givenUp?: Error;
  private readonly onClose = () => this.abandon();

  /** `fail` answers the client, for as long as no part of an answer is sent; `cause` is what the service did. */
  constructor(
    private readonly upstream: Upstream,
    private readonly request: ForwardedRequest,
    private readonly answer: ServerResponse,
    private readonly passport: Pick<Passport, 'requestId' | 'traceparent'>,
    private readonly fail: (error: Error, cause?: Error) => void,
    private readonly deadlineMs = DEADLINE_MS,
  ) {
    answer.on('close', this.onClose);
  }

  start(): void {
    const { body } = this.request;
    // A body that passes through takes the time that it takes, within the bounds of its pace.
    if (body instanceof Readable) body.once('close', () => this.setDeadline());
    else this.setDeadline();
    this.try();
  }

  private setDeadline(): void {
    if (this.over || this.answer.headersSent) return;
    this.deadline = setTimeout(() => this.expire(), this.deadlineMs);
  }

  private try(): void {
    try {
      this.copy = this.upstream.pick(this.copy);
    } catch (error) {
      this.end();
      this.fail(error as Error);
      return;
    }
    this.tries++;
    // A body that passes through takes the time of its client.
    this.sentAt = this.request.body instanceof Readable ? undefined : performance.now();
    if (this.copy.isNeighbour && !(this.request.body instanceof Readable)) {
      this.handOver(this.copy, this.request.body);
      return;
    }
    // Nor does the connection's own clock run while a body passes through: the service may be the slower one.
    this.copy.dispatch(
      this.request.body instanceof Readable ? { ...this.request, headersTimeout: 0 } : this.request,
      this,
    );
  }

  /** A service of this process gets the request itself, as its own, and answers the client. */
  private handOver(copy: UpstreamCopy, body: Buffer | null): void {
    const { answer } = this;
    const request = answer.req;
    // Two applications listen to it.
    answer.setMaxListeners(0);
    request.headers = Object.fromEntries(pairsOf(this.request.headers));
    if (body) request.headers['content-length'] = String(body.length);
    this.handed = new HandedAnswer(answer, {
      head: (status, headers) => {
        clearTimeout(this.deadline);
        this.tellTime(status >= 500 ? FAILURE_MS : 0);
        return answerHeaders(headers, this.passport);
      },
      end: () => copy.release(),
    });
    answer.once('close', () => {
      this.handed!.takeBack();
      if (this.over) return;
      copy.succeeded();
      this.end();
    });
    copy.handOver(request, answer, body);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.givenUp) controller.abort(this.givenUp);
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    clearTimeout(this.deadline);
    if (status >= 500) this.tellTime(FAILURE_MS);
    // A stream takes as long as it is long; only its beginning says how fast the copy is.
    else if (headers['transfer-encoding']) this.tellTime();
    this.answer.writeHead(status, answerHeaders(headers, this.passport));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.answer.write(chunk)) return;
    // What follows takes the time of the client.
    this.tellTime();
    controller.pause();
    // Not at once: Node says this, too, while a later answer of the same connection is being read, and undici reads one at a time.
    this.answer.once('drain', () => process.nextTick(() => controller.resume()));
  }

  onResponseEnd(): void {
    this.copy!.release();
    this.copy!.succeeded();
    this.tellTime();
    this.end();
    this.answer.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    const ours = error === this.givenUp || error instanceof CrmError || error instanceof ClientGone;
    this.copy!.release();
    if (!ours) this.copy!.failed(error);
    this.controller = undefined;
    if (this.givenUp) return;
    if (this.answer.headersSent) {
      // Half an answer can't be taken back; a broken connection tells the client so.
      this.end();
      this.answer.destroy(error);
    } else if (this.mayTryAgain(error)) this.try();
    else {
      this.end();
      if (ours) this.fail(error);
      else this.fail(new CrmError('service-unavailable', { seconds: 1 }), error);
    }
  }

  private tellTime(atLeast = 0): void {
    if (this.sentAt !== undefined) this.copy!.took(Math.max(atLeast, performance.now() - this.sentAt));
    this.sentAt = undefined;
  }

  /** Nobody waits for the answer any more. */
  private tellWait(): void {
    if (this.sentAt !== undefined) this.copy!.tookAtLeast(performance.now() - this.sentAt);
    this.sentAt = undefined;
  }

  private mayTryAgain(error: Error): boolean {
    const { method, headers, body } = this.request;
    if (this.tries > 1 || !(body === null || Buffer.isBuffer(body))) return false;
    if (isUnreachable(error)) return true;
    return isReset(error) && (method === 'GET' || method === 'HEAD' || headers.includes('idempotency-key'));
  }

  private abandon(): void {
    if (this.answer.writableFinished) return;
    this.over = true;
    clearTimeout(this.deadline);
    this.tellWait();
    this.giveUp(new ClientGone());
  }

  private expire(): void {
    this.handed?.takeBack();
    const error = new DeadlinePassed();
    this.tellWait();
    this.copy!.failed(error);
    this.giveUp(error);
    this.end();
    this.fail(new CrmError('service-unavailable', { seconds: 1 }), error);
  }

  /** A request that still waits for a connection is taken back when it gets one, unsent. */
  private giveUp(why: Error): void {
    this.givenUp = why;
    this.controller?.abort(why);
  }

  private end(): void {
    this.over = true;
    clearTimeout(this.deadline);
    this.answer.off('close', this.onClose);
  }
}

function* pairsOf(headers: readonly string[]): Generator<[string, string]> {
  for (let index = 0; index < headers.length; index += 2) yield [headers[index]!, headers[index + 1]!];
}
