import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process began, in a form that only serves to tell two processes with the same pid apart: `<boot>:<ticks>` on
 * Linux, the start date of `ps` on macOS and BSD; undefined where there is no such process or no way to know (Windows).
 */
export function processStartTime(pid: number): string | undefined {
  if (process.platform === 'linux') {
    return linuxStartTime(pid);
  }
  if (process.platform === 'win32') {
    return undefined;
  }
  try {
    const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } } as const;
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/PID/stat counts from boot; the second field, the name, may hold spaces and brackets. */
function linuxStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    const ticks = fields[19];
    if (state === 'Z' || ticks === undefined) {
      return undefined;
    }
    return `${bootId()}:${ticks}`;
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}
