import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that are small disks now. */
const mounted = new Set<string>();
process.once('exit', () => mounted.forEach(unmountSmallDisk));

/** Why there can be no small disks here. */
export const noSmallDisks = (): string | undefined =>
  process.platform === 'linux' && process.getuid?.() === 0 ? undefined : 'only root on Linux mounts a small disk';

/** Makes the folder a disk in memory, which can be full. What was in it is hidden. */
export function mountSmallDisk(folder: string, megabytes: number): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0700`, 'crm-faults', folder]);
  mounted.add(folder);
}

/** Nothing when it is none. What is open in it lives on until it is closed. */
export function unmountSmallDisk(folder: string): void {
  if (mounted.delete(folder)) execFileSync('umount', ['--lazy', folder]);
}

/** To the last byte. */
export function fillDisk(folder: string): void {
  const ballast = openSync(join(folder, 'ballast'), 'a');
  try {
    for (const size of [1024 * 1024, 4096]) {
      const piece = Buffer.alloc(size, 1);
      try {
        while (writeSync(ballast, piece) > 0);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    closeSync(ballast);
  }
}

export const freeDisk = (folder: string): void => rmSync(join(folder, 'ballast'), { force: true });
