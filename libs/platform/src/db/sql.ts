import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import pg from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { viewTypes } from './column-types.js';
import { hasSqlState } from './sql-state.js';

/** Texts that are prepared; a program's own are far fewer. More would be texts made of input, which sessions must not collect. */
const MOST_PREPARED = 1000;
const names = new Map<string, string>();

/** A session parses and plans a statement of this name once; undefined for texts beyond the limit. */
function statementName(text: string): string | undefined {
  const known = names.get(text);
  if (known || names.size >= MOST_PREPARED) return known;
  const name = createHash('sha256').update(text).digest('base64url').slice(0, 32);
  names.set(text, name);
  return name;
}

const IN_FAILED_TRANSACTION = '25P02';
type Executor = Pick<pg.ClientBase, 'query'>;
const poolOf = (dataSource: DataSource): Executor => (dataSource.driver as unknown as { master: pg.Pool }).master;
interface Session {
  readonly executor: Executor;
  /** The error that broke the transaction: statements behind it only hear that it is broken. */
  failure?: unknown;
  /** Until it settles rows are on their way: what went out now would be taken for some of them. */
  copying?: Promise<void>;
}
/** The session of each transaction; none any more when it is over: what would come then, would come outside of it. */
const sessions = new WeakMap<QueryRunner, Session | undefined>();

function sessionOf({ queryRunner, dataSource }: EntityManager): Session | Promise<Session> {
  if (!queryRunner) return { executor: poolOf(dataSource) };
  if (!sessions.has(queryRunner)) return queryRunner.connect().then((executor: Executor) => ({ executor }));
  const session = sessions.get(queryRunner);
  if (!session) throw new Error('The transaction of this statement has ended');
  return session;
}

/**
 * Runs SQL by the driver itself on the manager's transaction, or on any session when it has none: TypeORM's way of doing it costs
 * more than many of our statements. Statements that are not waited for one by one go out together, in their order.
 * `prepared` is for texts of which the program has a few.
 */
export function runSql<R>(
  manager: EntityManager,
  text: string,
  values: readonly unknown[] = [],
  prepared = true,
): Promise<R[]> {
  return send(manager, { text, values: values as unknown[] }, prepared);
}

/** The same for what is answered as it is read: instants come as texts (`viewTypes`). */
export function readSql<R>(
  manager: EntityManager,
  text: string,
  values: readonly unknown[] = [],
  prepared = true,
): Promise<R[]> {
  return send(manager, { text, values: values as unknown[], types: viewTypes }, prepared);
}

async function send<R>(
  manager: EntityManager,
  query: pg.QueryConfig & { text: string },
  prepared: boolean,
): Promise<R[]> {
  const found = sessionOf(manager);
  // Not awaited without need: in a transaction the statement goes out before this function returns, so the order of calls holds.
  const session = found instanceof Promise ? await found : found;
  if (session.copying) throw new Error('A statement must wait for the COPY before it');
  gather(session.executor);
  if (prepared) query.name = statementName(query.text);
  try {
    const { rows } = await session.executor.query(query);
    return rows as R[];
  } catch (error) {
    session.failure ??= error;
    throw hasSqlState(error, IN_FAILED_TRANSACTION) ? session.failure : error;
  }
}

/** A COPY, as the driver speaks it: the rows go out when the server asks for them. */
class CopyIn extends pg.Query {
  constructor(
    text: string,
    private readonly content: Buffer,
    callback: (error: Error | null) => void,
  ) {
    super({ text, callback } as pg.QueryConfig);
  }

  handleCopyInResponse(connection: { sendCopyFromChunk(content: Buffer): void; endCopyFrom(): void }): void {
    connection.sendCopyFromChunk(this.content);
    connection.endCopyFrom();
  }
}

/** Runs `COPY … FROM STDIN` with these rows in the transaction of the manager, after those that are on their way. */
export async function copyIn(manager: EntityManager, text: string, rows: Buffer): Promise<void> {
  const found = sessionOf(manager);
  const session = found instanceof Promise ? await found : found;
  const copied = copyAfter(session, text, rows);
  const settled = copied.catch(() => undefined);
  session.copying = settled;
  try {
    await copied;
  } catch (error) {
    session.failure ??= error;
    throw hasSqlState(error, IN_FAILED_TRANSACTION) ? session.failure : error;
  } finally {
    if (session.copying === settled) delete session.copying;
  }
}

async function copyAfter({ executor, copying }: Session, text: string, rows: Buffer): Promise<void> {
  if (copying) await copying;
  await new Promise<void>((resolve, reject) => {
    executor.query(new CopyIn(text, rows, (error) => (error ? reject(error) : resolve())));
  });
}

/**
 * For statements that go out together and for what waits for them: gives the results when all have settled, or throws the error of
 * the first, in their order, that failed.
 */
export async function together<const T extends readonly unknown[]>(
  work: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(work);
  for (const result of results) if (result.status === 'rejected') throw result.reason as Error;
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as never;
}

const gathering = new WeakSet<Executor>();

/** All that is sent to a session within one turn goes out in one write: each write wakes the server, which costs more than the rest. */
function gather(executor: Executor): void {
  const { connection } = executor as { connection?: { stream: Writable } };
  if (!connection || gathering.has(executor)) return;
  gathering.add(executor);
  connection.stream.cork();
  process.nextTick(() => {
    gathering.delete(executor);
    connection.stream.uncork();
  });
}

/** What a transaction gives, and its last statements: each sends one, at once, and all go out together with COMMIT. */
interface Work<T> {
  readonly result: T;
  readonly last: ReadonlyArray<() => Promise<unknown>>;
}

/** What a transaction runs are look-ups and writes by keys, of which PostgreSQL would plan those with arrays anew each time, for longer than they take. */
const BEGIN = 'BEGIN; SET LOCAL plan_cache_mode = force_generic_plan';

/**
 * Runs `work` in a transaction. BEGIN is not waited for. When one of the last statements fails, PostgreSQL makes a rollback of the
 * COMMIT behind it.
 */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<Work<T>>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    const client = (await runner.connect()) as Executor;
    const session: Session = { executor: client };
    sessions.set(runner, session);
    gather(client);
    const begun = client.query(BEGIN);
    try {
      const [{ result, last }] = await Promise.all([work(runner.manager), begun]);
      if (session.copying) throw new Error('The end of a transaction must wait for its COPY');
      const statements = last.map((statement) => statement());
      const committed = client.query('COMMIT');
      // When a statement has failed, nobody asks for this one's error any more.
      committed.catch(() => undefined);
      sessions.set(runner, undefined);
      await Promise.all(statements);
      const { command } = await committed;
      if (command !== 'COMMIT') throw new Error('A statement failed whose error nobody heard: nothing was committed');
      return result;
    } catch (error) {
      sessions.set(runner, undefined);
      // Copies that nobody waits for any more would take the rollback for rows, or go in behind it.
      await session.copying;
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    }
  } finally {
    await runner.release();
  }
}
