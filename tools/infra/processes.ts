import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the operating system's own terms, boot included. */
  started: string;
}

/** @returns undefined when no such process runs (a zombie no longer does). */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return started === undefined ? undefined : { pid, started };
}

let bootId: string | undefined;

function startOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in brackets, may hold spaces and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${bootId}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function startByPs(pid: number): string | undefined {
  try {
    const [state, ...started] = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/);
    return !state || state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return undefined;
  }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** The folder a process works in; undefined when it is gone, not ours to see, or the system has no /proc. */
export function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Signals from gentle to strong, with the milliseconds each is given. */
export type Escalation = ReadonlyArray<readonly [NodeJS.Signals, number]>;

/** Ends a process: each signal is given its time before the next. */
export async function endProcess(identity: ProcessIdentity, escalation: Escalation): Promise<void> {
  for (const [signal, patience] of escalation) {
    if (!isAlive(identity)) return;
    try {
      process.kill(identity.pid, signal);
    } catch {
      return;
    }
    const deadline = Date.now() + patience;
    while (Date.now() < deadline) {
      if (!isAlive(identity)) return;
      await sleep(20);
    }
  }
}

/**
 * The processes an installation has started, on disk, so that the next start finds what a killed one left behind.
 * Written synchronously right after each spawn: the gap in which a kill -9 could lose one is a few hundred microseconds.
 */
export class ProcessLedger {
  private readonly file: string;
  private entries: Record<string, ProcessIdentity>;

  constructor(dataDir: string) {
    this.file = join(dataDir, 'processes.json');
    this.entries = readEntries(this.file);
  }

  add(name: string, pid: number): ProcessIdentity {
    const identity = identify(pid) ?? { pid, started: 'ended at once' };
    this.entries[name] = identity;
    this.write();
    return identity;
  }

  remove(name: string): void {
    delete this.entries[name];
    this.write();
  }

  get(name: string): ProcessIdentity | undefined {
    const entry = this.entries[name];
    return entry && isAlive(entry) ? entry : undefined;
  }

  /** The recorded processes that still run, whatever came of whoever started them. */
  alive(): Array<{ name: string; identity: ProcessIdentity }> {
    return Object.entries(this.entries)
      .map(([name, identity]) => ({ name, identity }))
      .filter(({ identity }) => isAlive(identity));
  }

  private write(): void {
    writeFileSync(`${this.file}.new`, JSON.stringify(this.entries, null, 2));
    renameSync(`${this.file}.new`, this.file);
  }
}

function readEntries(file: string): Record<string, ProcessIdentity> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, ProcessIdentity>;
  } catch {
    return {};
  }
}
