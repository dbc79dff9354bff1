import { continueTrace } from '#platform/without-database';

/** The client's trace under a new span, or a new trace. */
export const traceparentFor = (sent: string | string[] | undefined): string =>
  continueTrace(typeof sent === 'string' ? sent : undefined).traceparent;

export const traceIdIn = (traceparent: string): string => traceparent.slice(3, 35);
