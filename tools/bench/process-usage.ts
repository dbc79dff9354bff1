import { readFileSync } from 'node:fs';

/** The kernel counts processor time in hundredths of a second for its readers, whatever its own clock. */
const TICK_MS = 10;

/** Milliseconds of processor time, user's and system's, that these processes have taken so far. */
export function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in brackets, may hold spaces itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }, 0);
}

/** Megabytes (2^20 bytes, as `top` has them) of memory. `pss`: pages that several processes use are counted once. */
export function memoryOf(pids: readonly number[]): { rss: number; pss: number } {
  const total = { rss: 0, pss: 0 };
  for (const pid of pids) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const megabytes = (name: string) => Number(rollup.match(new RegExp(`^${name}: +(\\d+) kB`, 'm'))![1]) / 1024;
    total.rss += megabytes('Rss');
    total.pss += megabytes('Pss');
  }
  return total;
}
