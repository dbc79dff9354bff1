import { TestDatabase } from '#testing';
import { DataSource, type EntityManager } from 'typeorm';
import { copyRows } from '../src/db/copy.js';
import { inTransaction, runSql, together } from '../src/db/sql.js';
import { sqlStateOf } from '../src/db/sql-state.js';

describe('A transaction whose statements go out together', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  const numbers = () => runSql<{ n: number }>(dataSource.manager, 'SELECT n FROM number ORDER BY n');
  const copy = (manager: EntityManager, ...all: unknown[]) =>
    copyRows(
      manager,
      'number',
      ['n'],
      all.map((n) => [n]),
    );
  const insert = (manager: EntityManager, n: unknown) => runSql(manager, 'INSERT INTO number VALUES ($1)', [n]);
  beforeAll(async () => {
    database = await TestDatabase.create();
    await database.query('public', 'CREATE TABLE number (n int PRIMARY KEY)');
    dataSource = await new DataSource({ type: 'postgres', url: database.url, extra: { pipeline: true } }).initialize();
  });
  beforeEach(() => database.query('public', 'TRUNCATE number'));
  afterAll(async () => {
    await dataSource?.destroy();
    await database?.drop();
  });

  it('commits what ran side by side, in the order of the calls, with its last statements', async () => {
    const seen = await inTransaction(dataSource, async (manager) => {
      const [, rows] = await Promise.all([insert(manager, 1), runSql(manager, 'SELECT n FROM number')]);
      return { result: rows, last: [() => insert(manager, 2)] };
    });
    expect(seen).toEqual([{ n: 1 }]);
    expect(await numbers()).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('nothing stays when the work fails, one of the last statements does, or an error was swallowed', async () => {
    await expect(
      inTransaction(dataSource, async (manager) => {
        await insert(manager, 1);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await expect(
      inTransaction(dataSource, async (manager) => {
        await insert(manager, 1);
        return { result: null, last: [() => insert(manager, 1), () => insert(manager, 2)] };
      }),
    ).rejects.toMatchObject({ code: '23505' });
    await expect(
      inTransaction(dataSource, async (manager) => {
        await insert(manager, 1);
        await insert(manager, 1).catch(() => undefined);
        return { result: null, last: [] };
      }),
    ).rejects.toThrow(/nothing was committed/);
    expect(await numbers()).toEqual([]);
  });

  it('each statement behind a failed one tells what failed, not that something did', async () => {
    const errors: unknown[] = [];
    await expect(
      inTransaction(dataSource, async (manager) => {
        const results = await Promise.allSettled([insert(manager, 'x'), insert(manager, 1), insert(manager, 2)]);
        for (const result of results) errors.push(result.status === 'rejected' ? sqlStateOf(result.reason) : 'done');
        throw (results[2] as PromiseRejectedResult).reason as Error;
      }),
    ).rejects.toMatchObject({ code: '22P02' });
    expect(errors).toEqual(['22P02', '22P02', '22P02']);
  });

  it('copies that are not waited for go in one after the other, behind the statements before them', async () => {
    const seen = await inTransaction(dataSource, async (manager) => {
      const [before] = await together([
        runSql(manager, 'SELECT n FROM number'),
        copy(manager, 1, 2),
        copy(manager, 3),
        copy(manager, 4),
      ]);
      await insert(manager, 5);
      return { result: before, last: [] };
    });
    expect(seen).toEqual([]);
    expect(await numbers()).toEqual([1, 2, 3, 4, 5].map((n) => ({ n })));
  });

  it('a statement that does not wait for a copy before it is refused, and none behind a failed copy is done', async () => {
    await expect(
      inTransaction(dataSource, async (manager) => {
        await together([copy(manager, 1), copy(manager, 2), insert(manager, 3)]);
        return { result: null, last: [] };
      }),
    ).rejects.toThrow('must wait for the COPY');
    // Nobody waits for the copies when the work fails in between, or forgets them; the session stays.
    const session = 'SELECT pg_backend_pid() AS session';
    let used: unknown;
    await expect(
      inTransaction(dataSource, async (manager) => {
        used = await runSql(manager, session);
        void copy(manager, 1).catch(() => undefined);
        void copy(manager, 2).catch(() => undefined);
        await Promise.reject(new Error('no'));
        return { result: null, last: [] };
      }),
    ).rejects.toThrow('no');
    expect(await runSql(dataSource.manager, session)).toEqual(used);
    await expect(
      inTransaction(dataSource, async (manager) => {
        void copy(manager, 1).catch(() => undefined);
        return { result: null, last: [() => insert(manager, 2)] };
      }),
    ).rejects.toThrow('must wait for its COPY');
    expect(await numbers()).toEqual([]);
    const codes: unknown[] = [];
    await expect(
      inTransaction(dataSource, async (manager) => {
        const results = await Promise.allSettled([copy(manager, 1), copy(manager, 1), copy(manager, 2)]);
        for (const result of results) codes.push(result.status === 'rejected' ? sqlStateOf(result.reason) : 'done');
        return { result: null, last: [() => insert(manager, 3)] };
      }),
    ).rejects.toMatchObject({ code: '23505' });
    expect(codes).toEqual(['done', '23505', '23505']);
    expect(await numbers()).toEqual([]);
  });

  it('what comes after the end is refused instead of being done outside', async () => {
    let kept: EntityManager | undefined;
    await inTransaction(dataSource, async (manager) => {
      kept = manager;
      return { result: null, last: [] };
    });
    await expect(insert(kept!, 1)).rejects.toThrow('has ended');
    expect(await numbers()).toEqual([]);
  });
});
