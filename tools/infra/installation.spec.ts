import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Installation } from './installation.js';
import { endProcess, identify, isAlive, ProcessLedger } from './processes.js';
import { loadSecrets, publicKeys, saveSecrets } from './secrets.js';

const names = { services: ['auth'], natsUsers: ['auth', 'partner'] };

describe('An installation', () => {
  let dataDir: string;
  const started: Array<ReturnType<typeof spawn>> = [];
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'crm-installation-'));
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true });
  });
  const program = async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    started.push(child);
    await once(child, 'spawn');
    return child.pid ?? 0;
  };

  it('is refused to a second launcher while the first runs, and given to it afterwards', async () => {
    const first = await Installation.open(dataDir);
    await expect(Installation.open(dataDir)).rejects.toThrow(`Process ${process.pid} is running with the data folder`);
    first.close();
    (await Installation.open(dataDir)).close();
  });

  it('is taken over from a launcher that was killed, and the applications it left are ended', async () => {
    const pid = await program();
    writeFileSync(join(dataDir, 'launcher.json'), JSON.stringify({ pid: process.pid, started: 'in another life' }));
    const left = new ProcessLedger(dataDir).add('marketing', pid);
    (await Installation.open(dataDir)).close();
    expect(isAlive(left)).toBe(false);
  });

  it('leaves a program alone that has the number of one of its dead processes', async () => {
    const pid = await program();
    writeFileSync(join(dataDir, 'processes.json'), JSON.stringify({ marketing: { pid, started: 'before it' } }));
    const installation = await Installation.open(dataDir);
    expect(installation.ledger.get('marketing')).toBeUndefined();
    installation.close();
    expect(identify(pid)).toBeDefined();
  });

  it('keeps its ports from start to start, unless another program has them now', async () => {
    const first = await Installation.open(dataDir);
    const port = await first.port('natsPort');
    first.close();
    const second = await Installation.open(dataDir);
    expect(await second.port('natsPort')).toBe(port);
    const other = createServer().listen(port, '127.0.0.1');
    await once(other, 'listening');
    expect(await second.port('natsPort')).not.toBe(port);
    await expect(second.port('natsPort', port)).rejects.toThrow(`NATS_PORT: port ${port} is in use`);
    other.close();
    second.close();
  });

  it('keeps its secrets, for its owner only, and adds those of a new service', () => {
    const first = loadSecrets(dataDir, names);
    expect(statSync(join(dataDir, 'secrets.json')).mode & 0o777).toBe(0o600);
    const second = loadSecrets(dataDir, { ...names, services: ['auth', 'marketing'] });
    expect(second).toEqual({
      ...first,
      databasePasswords: { ...first.databasePasswords, marketing: expect.any(String) },
    });
  });

  it('gives out the public half of the signing key only', () => {
    const [key] = publicKeys(loadSecrets(dataDir, names).gatewaySigningKey).keys;
    expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', kid: expect.any(String) });
    expect(key).not.toHaveProperty('d');
  });

  it('never generates the administrator password a second time', () => {
    const { adminPassword, ...rest } = loadSecrets(dataDir, names);
    expect(adminPassword).toHaveLength(12);
    saveSecrets(dataDir, rest);
    expect(loadSecrets(dataDir, names)).not.toHaveProperty('adminPassword');
  });

  it('says so when the secrets are damaged, and does not replace them', () => {
    writeFileSync(join(dataDir, 'secrets.json'), '{"postgres');
    expect(() => loadSecrets(dataDir, names)).toThrow('secrets.json is damaged');
    expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).toBe('{"postgres');
  });

  it('ends a process that ignores the gentle signal', async () => {
    const child = spawn(process.execPath, [
      '-e',
      'process.on("SIGTERM", () => {}); console.log(1); setInterval(() => {}, 1000)',
    ]);
    started.push(child);
    await once(child.stdout, 'data');
    const identity = identify(child.pid ?? 0);
    if (!identity) throw new Error('the program did not start');
    await endProcess(identity, [
      ['SIGTERM', 100],
      ['SIGKILL', 5_000],
    ]);
    expect(isAlive(identity)).toBe(false);
  });
});
