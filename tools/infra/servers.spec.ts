import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { accountsSetting } from '#contracts';
import pg from 'pg';
import { startNats } from './nats.js';
import { freePort } from './ports.js';
import { startPostgres } from './postgres.js';
import { removeFolder } from './postgres-account.js';
import { isAlive, ProcessLedger } from './processes.js';
import { provisionDatabase } from './provision.js';
import type { ServerProcess } from './server-process.js';

describe('The embedded servers', () => {
  let dataDir: string;
  const running: ServerProcess[] = [];

  beforeEach(() => {
    dataDir = newDataDir();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    remove(dataDir);
  });
  const postgres = async (folder = dataDir, port?: number) => {
    const options = { dataDir: folder, port: port ?? (await freePort()), password: 'secret', durable: false };
    const server = await startPostgres({ ...options, ledger: new ProcessLedger(folder) });
    running.push(server);
    return server;
  };
  const nats = async (port?: number) => {
    const users = [
      { user: 'writer', publish: ['orders.>'], subscribe: [] },
      { user: 'reader', publish: [], subscribe: ['orders.>'] },
    ];
    const server = await startNats({
      binary: process.env.NATS_SERVER_BIN ?? 'nats-server',
      dataDir,
      accounts: accountsSetting([{ name: 'SHOP', jetstream: true, users, exports: [], imports: [] }], (user) => user),
      maxFileStore: 1024 ** 3,
      port: port ?? (await freePort()),
      ledger: new ProcessLedger(dataDir),
    });
    running.push(server);
    return server;
  };

  it('keep what was committed when the launcher and PostgreSQL were left to themselves', async () => {
    const abandoned = await postgres();
    await query(url(abandoned), 'CREATE TABLE kept AS SELECT 42 AS answer');
    const next = await postgres(dataDir, abandoned.port);
    expect(isAlive(abandoned.identity)).toBe(false);
    expect(await query(url(next), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('make the statistics of new tables soon, one table at a time', async () => {
    const server = url(await postgres());
    const shown = ['autovacuum_naptime', 'autovacuum_max_workers'].map((name) => query(server, `SHOW ${name}`));
    expect((await Promise.all(shown)).flat()).toEqual([{ autovacuum_naptime: '15s' }, { autovacuum_max_workers: '1' }]);
  });

  it('start after PostgreSQL itself was killed, though its pid file names a program that runs', async () => {
    const killed = await postgres();
    process.kill(killed.identity.pid, 'SIGKILL');
    await killed.ended;
    const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
    writeFileSync(pidFile, `${process.pid}\n${join(dataDir, 'postgres')}\n1\n${killed.port}\n\n127.0.0.1\n\nready\n`);
    expect(await query(url(await postgres()), 'SELECT 1 AS up')).toEqual([{ up: 1 }]);
  });

  it('do the creation of the database again when it was interrupted', async () => {
    mkdirSync(join(dataDir, 'postgres.new-abc'));
    writeFileSync(join(dataDir, 'postgres.new-abc', 'PG_VERSION'), '18\n');
    await postgres();
    expect(readdirSync(dataDir).filter((name) => name.startsWith('postgres'))).toEqual(['postgres']);
  });

  it('refuse a half database with one line, and leave it as it is', async () => {
    mkdirSync(join(dataDir, 'postgres'));
    writeFileSync(join(dataDir, 'postgres', 'PG_VERSION'), '18\n');
    const message = `The database in ${join(dataDir, 'postgres')} is incomplete (postgresql.conf is missing)`;
    await expect(postgres()).rejects.toThrow(message);
    expect(existsSync(join(dataDir, 'postgres', 'PG_VERSION'))).toBe(true);
  });

  it('run side by side in two data folders', async () => {
    const other = newDataDir();
    try {
      const [one, two] = await Promise.all([postgres(), postgres(other)]);
      await query(url(one), 'CREATE TABLE mine (id int)');
      await expect(query(url(two), 'SELECT * FROM mine')).rejects.toThrow('does not exist');
      await running.splice(running.indexOf(two), 1)[0]?.stop();
      expect(isAlive(one.identity)).toBe(true);
    } finally {
      remove(other);
    }
  });

  it('give each service a schema that no other service can read', async () => {
    const server = await postgres();
    const passwords = { auth: 'a', marketing: 'm' };
    await provisionDatabase(url(server), passwords);
    const urls = await provisionDatabase(url(server), passwords);
    await query(urls.auth ?? '', 'CREATE TABLE secret AS SELECT 1 AS id');
    expect(await query(urls.auth ?? '', 'SELECT current_schema, id FROM secret')).toEqual([
      { current_schema: 'auth', id: 1 },
    ]);
    await expect(query(urls.marketing ?? '', 'SELECT * FROM auth.secret')).rejects.toThrow(
      'permission denied for schema auth',
    );
    await expect(query(urls.marketing ?? '', 'CREATE TABLE public.mine (id int)')).rejects.toThrow(
      'permission denied for schema public',
    );
    await expect(query(url(server).replace('postgres:secret', 'marketing:m'), 'SELECT 1')).rejects.toThrow(
      'permission denied for database',
    );
  });

  it('EVT-5: let a NATS user do what its lists allow and nothing else', async () => {
    const server = await nats();
    const refused: string[] = [];
    const as = async (user: string, pass: string) => {
      const connection = await connect({ port: server.port, user, pass });
      void (async () => {
        for await (const status of connection.status())
          if (status.type === 'error') refused.push(`${user}: ${status.error.message}`);
      })();
      return connection;
    };
    const [writer, reader] = await Promise.all([as('writer', 'writer'), as('reader', 'reader')]);
    const orders = reader.subscribe('orders.>', { max: 1 });
    await reader.flush();
    writer.publish('orders.1', 'first');
    for await (const message of orders) expect(message.string()).toBe('first');
    reader.publish('orders.2');
    writer.publish('customers.1');
    await Promise.all([writer.flush(), reader.flush()]);
    await Promise.all([writer.close(), reader.close()]);
    expect(refused.sort()).toEqual([
      expect.stringMatching(/^reader: .*orders\.2/),
      expect.stringMatching(/^writer: .*customers\.1/),
    ]);
    await expect(as('writer', 'wrong')).rejects.toThrow(/authorization/i);
  });

  it('end a broker that a killed launcher left before starting it anew', async () => {
    const abandoned = await nats();
    const next = await nats(abandoned.port);
    expect(isAlive(abandoned.identity)).toBe(false);
    expect(isAlive(next.identity)).toBe(true);
  });
});

const url = (server: ServerProcess) => `postgresql://postgres:secret@127.0.0.1:${server.port}/postgres`;

/** Passable for the account that PostgreSQL runs under when the tests run as root. */
function newDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crm-servers-'));
  chmodSync(folder, 0o711);
  return folder;
}

function remove(dataDir: string): void {
  if (existsSync(join(dataDir, 'postgres'))) removeFolder(join(dataDir, 'postgres'));
  rmSync(dataDir, { recursive: true });
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
