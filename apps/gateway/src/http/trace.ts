import { traceIdOf } from '#platform';
import { randomUUID } from 'node:crypto';

const hex = (): string => randomUUID().replaceAll('-', '');

/** The client's trace under a new span, or a new trace. UUIDs come from a pool of random bytes, which keeps this cheap. */
export function traceparentFor(sent: string | string[] | undefined): string {
  const traceId = (typeof sent === 'string' && traceIdOf(sent)) || hex();
  return `00-${traceId}-${hex().slice(0, 16)}-01`;
}

export const traceIdIn = (traceparent: string): string => traceparent.slice(3, 35);
