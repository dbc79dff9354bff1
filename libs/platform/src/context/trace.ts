import { randomUUID } from 'node:crypto';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/;
const ZERO = /^0+$/;

/** The trace id of a W3C traceparent, or undefined when it is not a valid one. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  const match = traceparent ? TRACEPARENT.exec(traceparent) : null;
  if (!match || ZERO.test(match[1]!) || ZERO.test(match[2]!)) return undefined;
  return match[1];
}

/** 16 random bytes. UUIDs come from a pool, which makes this cheap enough for every request. */
const randomHex = (): string => randomUUID().replaceAll('-', '');

/** Goes on with a trace under a new span id, or starts one. */
export function continueTrace(traceparent?: string): { traceId: string; traceparent: string } {
  const traceId = traceIdOf(traceparent) ?? randomHex();
  return { traceId, traceparent: `00-${traceId}-${randomHex().slice(0, 16)}-01` };
}
