import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { createLogger, nestLogger } from '../src/logging/logger.js';

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA';

/** As pg throws it: an Error with fields of its own. */
const driverError = (code: string, message: string) =>
  Object.assign(new Error(message), {
    code,
    detail: `Key (password_hash)=(${HASH}) already exists.`,
    where: `unnamed portal parameter $2 = '${HASH}'`,
    internalQuery: HASH,
    constraint: 'users_username',
  });
const failed = (code: string, message: string) =>
  new QueryFailedError('SELECT id FROM users WHERE password_hash = $1', [HASH], driverError(code, message));

function written(log: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  log(createLogger('auth', 'trace', { write: (line: string) => void lines.push(line) }));
  expect(lines.length).toBeGreaterThan(0);
  return lines.join('');
}

describe('AUT-3: the log holds no password, not even its hash', () => {
  const lockWait = failed('55P03', 'canceling statement due to lock timeout');

  it('of a failed statement, which it names by code, message and place', () => {
    const line = written((logger) => logger.error({ err: lockWait, path: '/api/v1/auth/login' }, 'internal'));
    expect(line).not.toContain('argon2id');
    const { err, msg } = JSON.parse(line);
    expect(msg).toBe('internal');
    expect(err).toMatchObject({
      type: 'QueryFailedError',
      message: 'canceling statement due to lock timeout',
      code: '55P03',
      constraint: 'users_username',
      stack: expect.stringContaining('logger.spec'),
      cause: { type: 'Error', code: '55P03' },
    });
    for (const hidden of ['parameters', 'query', 'detail', 'where', 'driverError', 'internalQuery'])
      expect(line).not.toContain(`"${hidden}"`);
  });

  it.each<[string, (logger: ReturnType<typeof createLogger>, error: Error) => void]>([
    ['as the error alone', (logger, error) => logger.error(error)],
    ['as an error without a text', (logger, error) => logger.warn({ err: error })],
    ['as the cause of another', (logger, error) => logger.fatal({ err: new Error('outer', { cause: error }) }, 'down')],
    ['as the reason of several', (logger, error) => logger.error({ err: new AggregateError([error], 'all') }, 'down')],
    ['through Nest', (logger, error) => nestLogger(logger).error(error, error.stack, 'ExceptionHandler')],
    ['through Nest, fatal', (logger, error) => nestLogger(logger).fatal!(error)],
  ])('%s', (_how, log) => {
    expect(written((logger) => log(logger, lockWait))).not.toContain('argon2id');
    // PostgreSQL quotes the value in the message of a data exception, and the stack repeats it.
    const quoted = failed('22P02', `invalid input syntax for type uuid: "${HASH}"`);
    expect(quoted.stack).toContain(HASH);
    expect(written((logger) => log(logger, quoted))).not.toContain('argon2id');
  });

  it('Nest’s warnings are warnings, but for the one that a process has two copies of a service', () => {
    const level = (message: string) => JSON.parse(written((logger) => nestLogger(logger).warn(message))).level;
    expect(level('Unsupported route path')).toBe(40);
    expect(level('A data source with the auth name is already registered. Multiple data sources …')).toBe(20);
  });

  it('of an error that is its own cause, or a chain without end, it writes an end', () => {
    const ring: Error & { cause?: unknown } = new Error('ring');
    ring.cause = new Error('other', { cause: ring });
    expect(JSON.parse(written((logger) => logger.error({ err: ring }, 'x'))).err.cause.message).toBe('other');
  });
});
