import { type Envelope, Envelope as EnvelopeSchema, type EventDefinition } from '#contracts';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { continueTrace } from '../context/trace.js';
import { ANONYMOUS, type RequestContext } from '../context/request-context.js';
import type { RecordPolicy } from '../db/record-policy.js';
import { inTransaction } from '../db/sql.js';
import { type EventTx, Tx } from '../db/tx.js';
import {
  type Incoming,
  isTakenPosition,
  lockKnownPositions,
  type Outcome,
  PermanentEventError,
  savePositions,
} from './consumer-position.js';
import { buryUnreadable, forgetRetries, recordFailure, queueBehind } from './dead-letter.store.js';
import type { OnOptions } from './on.decorator.js';
import { writeOutbox } from './outbox.js';
import type { RelaySignal } from './relay-signal.js';
import { SideBySide } from './side-by-side.js';

export type EventHandler = ((data: unknown, tx: EventTx) => Promise<void>) & OnOptions;

type Note = (manager: EntityManager) => Promise<void>;
const noteNothing: Note = () => Promise.resolve();

interface Readable extends Incoming {
  readonly envelope: Envelope;
}

/**
 * Applies events exactly once and in the order of their record, whatever is delivered twice, late or out of order.
 * The last applied sequence of each record is kept in the same transaction as the effect: lower or equal is a duplicate,
 * one more is next, more than that is a gap. The row is locked first, so copies of a service exclude each other per record.
 */
export class EventInbox {
  constructor(
    private readonly dataSource: DataSource,
    private readonly policies: readonly RecordPolicy[],
    private readonly timeZone: string,
    private readonly signal: RelaySignal,
    private readonly handlers: ReadonlyMap<string, EventHandler>,
    private readonly definitions: ReadonlyMap<string, EventDefinition>,
  ) {}

  /**
   * One transaction for all; when one of them fails, each alone, so that it holds up nobody else. `note` writes down, in the same
   * transaction, that they were delivered.
   */
  async receive(consumer: string, messages: readonly Incoming[], note: Note = noteNothing): Promise<Outcome[]> {
    const outcomes = new Map<Incoming, Outcome>();
    const readable: Readable[] = [];
    for (const message of messages) {
      const envelope = readEnvelope(message);
      if (envelope) readable.push({ ...message, envelope });
      else {
        await buryUnreadable(this.dataSource, consumer, message);
        outcomes.set(message, { kind: 'parked' });
      }
    }
    const settled = await this.settle(consumer, readable, note);
    return messages.map((message) => outcomes.get(message) ?? settled.get(message.streamSeq)!);
  }

  private async settle(consumer: string, messages: readonly Readable[], note: Note): Promise<Map<number, Outcome>> {
    if (messages.length === 0) return new Map();
    try {
      return await this.apply(consumer, messages, note);
    } catch (error) {
      if (isTakenPosition(error)) return this.settle(consumer, messages, note);
      if (messages.length === 1) {
        const message = messages[0]!;
        return new Map([[message.streamSeq, await recordFailure(this.dataSource, consumer, message.envelope, error)]]);
      }
      const outcomes = new Map<number, Outcome>();
      for (const message of messages)
        for (const [seq, outcome] of await this.settle(consumer, [message], note)) outcomes.set(seq, outcome);
      return outcomes;
    }
  }

  private async apply(consumer: string, messages: readonly Readable[], note: Note): Promise<Map<number, Outcome>> {
    const outcomes = new Map<number, Outcome>();
    const published = await inTransaction(this.dataSource, async (manager) => {
      const tx = new Tx(manager, this.policies, this.timeZone, NOBODY);
      const positions = await lockKnownPositions(
        manager,
        consumer,
        messages.map((m) => m.envelope.subject),
      );
      const side = new SideBySide();
      let waiting = [...messages];
      let progress = true;
      // Several passes, because an event that came too early may have its predecessor in the same batch.
      while (waiting.length > 0 && progress) {
        progress = false;
        const tooEarly: Readable[] = [];
        for (const message of waiting) {
          const { envelope } = message;
          const position = positions.get(envelope.subject)!;
          if (envelope.sequence <= position.sequence) outcomes.set(message.streamSeq, { kind: 'duplicate' });
          else if (position.blocked) {
            const kept = await queueBehind(manager, consumer, envelope);
            outcomes.set(message.streamSeq, { kind: kept ? 'parked' : 'gap' });
          } else if (envelope.sequence === position.sequence + 1) {
            const { independent = false } = this.handlers.get(envelope.type) ?? { independent: true };
            await side.run(envelope.subject, independent, () => this.handle(envelope, tx));
            position.sequence = envelope.sequence;
            outcomes.set(message.streamSeq, { kind: 'applied' });
            progress = true;
          } else tooEarly.push(message);
        }
        waiting = tooEarly;
      }
      await side.settled();
      for (const message of waiting) outcomes.set(message.streamSeq, { kind: 'gap' });
      return {
        result: tx.pending.length > 0,
        last: [
          () => savePositions(manager, consumer, positions),
          () => forgetRetries(manager, consumer, [...positions.keys()]),
          () => writeOutbox(manager, tx.pending),
          () => note(manager),
        ],
      };
    });
    if (published) this.signal.notify();
    return outcomes;
  }

  /** A type that this service does not use only moves the position on. */
  async handle(envelope: Envelope, tx: Tx): Promise<void> {
    const handler = this.handlers.get(envelope.type);
    const definition = this.definitions.get(envelope.type);
    if (!handler || !definition) return;
    const parsed = definition.data.safeParse(envelope.data);
    if (!parsed.success)
      throw new PermanentEventError(`The data does not fit ${envelope.type}: ${z.prettifyError(parsed.error)}`);
    const trace = continueTrace(envelope.traceparent);
    const actor = { id: envelope.actorid ?? '', name: '', kind: 'gateway' as const, rights: {} };
    const context: RequestContext = { ...trace, language: 'en', actor };
    await handler(parsed.data, Object.assign(Object.create(tx), { event: envelope, context }) as EventTx);
  }

  /** Applies one event whose turn it is, in a transaction that the caller holds. */
  async applyNext(manager: EntityManager, envelope: Envelope): Promise<void> {
    const tx = new Tx(manager, this.policies, this.timeZone, NOBODY);
    await this.handle(envelope, tx);
    await writeOutbox(manager, tx.pending);
  }
}

/** Of what a batch does besides its handlers, each of which has the context of its event. */
const NOBODY: RequestContext = { ...continueTrace(), language: 'en', actor: ANONYMOUS };

/** PostgreSQL stores neither NUL nor half a surrogate pair; our own outbox never holds them, so such an event is not ours. */
const UNSTORABLE = /\\u0000|\\u[dD][89a-fA-F]/;

function readEnvelope(message: Incoming): Envelope | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(message.data);
    const envelope = UNSTORABLE.test(text) ? undefined : EnvelopeSchema.safeParse(JSON.parse(text));
    return envelope?.success && envelope.data.type === message.subject ? envelope.data : undefined;
  } catch {
    return undefined;
  }
}
