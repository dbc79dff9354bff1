import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger as Pino, type LoggerOptions, pino } from 'pino';
import { messageOf, serializeError } from './error.serializer.js';

export type Logger = Pino;

/**
 * JSON lines on stdout, or into `destination`; each carries the service. Secrets are cut out by
 * name, and of errors only what is named is written.
 */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    serializers: { err: serializeError },
    hooks: {
      // Without a text of its own, a line gets the error's message, which may quote values.
      logMethod([first, ...rest], method) {
        const err: unknown = first instanceof Error ? first : (first as { err?: unknown } | null)?.err;
        if (rest.length === 0 && err instanceof Error)
          method.call(this, first instanceof Error ? { err } : first, messageOf(err));
        else method.call(this, first, ...rest);
      },
    },
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
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Of several copies of a service in one process each has a container, and so a data source, of its own. */
const SECOND_COPY = /^A data source with the \w+ name is already registered/;

/** Nest's own messages through the same logger. Its start-up chatter is debug. */
export function nestLogger(logger: Logger): LoggerService {
  return {
    log: (message: unknown) => logger.debug(String(message)),
    debug: (message: unknown) => logger.debug(String(message)),
    verbose: (message: unknown) => logger.trace(String(message)),
    warn: (message: unknown) => logger[SECOND_COPY.test(String(message)) ? 'debug' : 'warn'](String(message)),
    // Of what comes after the message, the last is Nest's own name for the place; a stack before it would repeat the message.
    error: (message: unknown, ...rest: unknown[]) =>
      logger.error(
        { err: message instanceof Error ? message : undefined, context: contextOf(rest) },
        messageOf(message),
      ),
    fatal: (message: unknown) => logger.fatal(messageOf(message)),
  };
}

const contextOf = (rest: readonly unknown[]): string | undefined => {
  const last = rest.at(-1);
  return typeof last === 'string' && !last.includes('\n') ? last : undefined;
};
