import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

export interface Message {
  readonly subject: string;
  readonly id: string;
  readonly payload: string;
}

const IN_FLIGHT = 256;

/**
 * Publishes in order, at most 256 unanswered at a time.
 * @returns the place in the stream of the last one
 */
export async function publishAll(connection: NatsConnection, messages: readonly Message[]): Promise<number> {
  const js = jetstream(connection);
  let next = 0;
  let last = 0;
  const publishers = Array.from({ length: Math.min(IN_FLIGHT, messages.length) }, async () => {
    while (next < messages.length) {
      const { subject, id, payload } = messages[next++]!;
      const { seq } = await js.publish(subject, payload, { msgID: id });
      last = Math.max(last, seq);
    }
  });
  await Promise.all(publishers);
  return last;
}
