import type { LoggerService } from '@nestjs/common';
import { type Logger as Pino, pino } from 'pino';
import { currentContext } from '../context/request-context.js';

export type Logger = Pino;

/** JSON lines on stdout; each carries the service and, where there is one, the trace id. Secrets are cut out by name. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'password',
        '*.password',
        'authorization',
        '*.authorization',
        '*.refreshToken',
        '*.accessToken',
        '*.clientSecret',
      ],
      censor: '[redacted]',
    },
    mixin: () => {
      const context = currentContext();
      return context ? { traceId: context.traceId, requestId: context.requestId } : {};
    },
  });
}

/** Nest's own messages through the same logger. Its start-up chatter is debug. */
export function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown) => logger.debug(String(message)),
    debug: (message: unknown) => logger.debug(String(message)),
    verbose: (message: unknown) => logger.trace(String(message)),
    warn: (message: unknown) => logger.warn(String(message)),
    error: (message: unknown, ...rest: unknown[]) =>
      logger.error({ err: message instanceof Error ? message : undefined, rest }, String(message)),
    fatal: (message: unknown) => logger.fatal(String(message)),
  };
}
