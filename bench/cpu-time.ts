import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** CPU milliseconds so far of a process and of all below it, also of those that have ended; 0 but on Linux. */
export function treeCpuMs(root: number): number {
  if (!existsSync('/proc/self/stat')) {
    return 0;
  }
  const processes = readdirSync('/proc', { encoding: 'utf8' })
    .filter((name) => /^\d+$/.test(name))
    .flatMap(statOf);
  const below = new Set([root]);
  // A child has a later number than its parent but for the rare wrap, which a second look finds.
  for (let look = 0; look < 2; look++) {
    processes.filter(({ parent }) => below.has(parent)).forEach(({ pid }) => below.add(pid));
  }
  return processes.filter(({ pid }) => below.has(pid)).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

function statOf(pid: string): { pid: number; parent: number; cpuMs: number }[] {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ').map(Number) ?? [];
    // utime, stime, and both of children that were waited for, in hundredths of a second.
    const cpuMs = 10 * fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0);
    return [{ pid: Number(pid), parent: fields[1] ?? 0, cpuMs }];
  } catch {
    // It has ended meanwhile.
    return [];
  }
}
