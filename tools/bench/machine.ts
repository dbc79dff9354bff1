import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { postgresHome } from '../infra/postgres-account.js';

/** What the figures were measured on; nothing that tells whose machine it is. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly node: string;
  readonly postgres: string;
  readonly natsServer: string;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGB: Math.round(totalmem() / 1e9),
    node: process.versions.node,
    postgres: version(join(postgresHome({}), 'bin', 'postgres'), '--version'),
    natsServer: version(process.env.NATS_SERVER_BIN ?? 'nats-server', '--version'),
  };
}

const version = (program: string, flag: string): string =>
  /\d+(\.\d+)+/.exec(spawnSync(program, [flag], { encoding: 'utf8' }).stdout ?? '')?.[0] ?? 'unknown';
