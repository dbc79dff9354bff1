import type { Actor, ServiceRoute } from '#contracts';
import { continueTrace } from './trace.js';

export type Language = 'en' | 'zh';

/** One use of an Idempotency-Key: same key and same fingerprint mean the same request. */
export interface IdempotencyUse {
  readonly key: string;
  /** Undefined until the file that is the body is stored. */
  readonly fingerprint: string | undefined;
  claimed: boolean;
  ofFile(digest: string): void;
}

/**
 * What is known of the request or event that is being worked on. It is handed on from call to call: what finds it by itself
 * (AsyncLocalStorage) takes a sixth of a process's time in Node.js 20 (ADR 29).
 */
export interface RequestContext {
  readonly traceId: string;
  readonly traceparent: string;
  readonly requestId?: string;
  readonly address?: string;
  readonly language: Language;
  actor: Actor;
  readonly route?: ServiceRoute;
  /** The record that the path names, once it is resolved. */
  readonly recordId?: string;
  /** The innermost record that the path names: the one that If-Match speaks of. */
  readonly targetId?: string;
  readonly ifMatch?: string;
  readonly idempotency?: IdempotencyUse;
}

/** The actor of work that nobody asked for: seeds, scans, joins. It may do everything, so it is only ever named, never assumed. */
export const SYSTEM: Actor = {
  id: '00000000-0000-0000-0000-000000000000',
  name: 'system',
  kind: 'gateway',
  rights: {},
};
/** Whoever has not said who they are, and work whose context was lost: may do nothing. */
export const ANONYMOUS: Actor = { id: '', name: '', kind: 'anonymous', rights: {} };

/** Of background work in the name of the system, under a trace of its own. */
export const systemContext = (): RequestContext => ({ ...continueTrace(), language: 'en', actor: SYSTEM });

/** `zh` for any Chinese that is preferred over English, else `en`. */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  if (!acceptLanguage) return 'en';
  const ranked = acceptLanguage
    .split(',', 20)
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const quality = parameters.map((p) => /^\s*q=([0-9.]+)$/.exec(p)?.[1]).find(Boolean);
      return { tag, quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ tag, quality }) => quality > 0 && /^(zh|en)(-|$)/.test(tag))
    .sort((a, b) => b.quality - a.quality);
  return ranked[0]?.tag.startsWith('zh') ? 'zh' : 'en';
}
