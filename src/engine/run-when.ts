import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { HeldBy } from '../protocol/records.ts';

/** What is asked of the machine before each stage of a run. */
export interface Machine {
  now(): Date;
  /** Whether it runs on its battery; one that cannot be asked, or has none, does not. */
  onBattery(): Promise<boolean>;
}

/** How long an answer about the battery holds, milliseconds: asking takes a process on some systems. */
const freshMs = 30_000;

/** This machine. */
export const thisMachine: Machine = { now: () => new Date(), onBattery };

/**
 * Says by what a run with this `runWhen` is held now; undefined where it may work. `runWhen` is `always`, `onMainsPower`, or
 * hours of the local day such as `22:00-07:00`, the first inclusive, the second exclusive.
 */
export function createRunWhen(runWhen: string, machine: Machine = thisMachine): () => Promise<HeldBy | undefined> {
  const hours = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(runWhen)?.slice(1).map(Number);
  if (hours) {
    const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = hours;
    const [from, to] = [60 * fromHour + fromMinute, 60 * toHour + toMinute];
    return async () => (isWithin(machine.now(), from, to) ? undefined : 'hours');
  }
  if (runWhen !== 'onMainsPower') {
    return async () => undefined;
  }
  let asked = -Infinity;
  let answer = false;
  return async () => {
    const now = machine.now().getTime();
    // A clock that was set back makes an old answer look young.
    if (now - asked >= freshMs || now < asked) {
      asked = now;
      answer = await machine.onBattery();
    }
    return answer ? 'battery' : undefined;
  };
}

/** `from` and `to` in minutes of the day; a window over midnight ends before it begins. Equal ones are the whole day. */
function isWithin(now: Date, from: number, to: number): boolean {
  const minute = 60 * now.getHours() + now.getMinutes();
  return from === to || (from < to ? minute >= from && minute < to : minute >= from || minute < to);
}

async function onBattery(): Promise<boolean> {
  try {
    switch (process.platform) {
      case 'linux':
        return await linuxOnBattery('/sys/class/power_supply');
      case 'darwin':
        return macOnBattery(await outputOf('pmset', ['-g', 'batt']));
      case 'win32':
        return windowsOnBattery(await outputOf('powershell', ['-NoProfile', '-Command', windowsQuery]));
      default:
        return false;
    }
  } catch {
    return false;
  }
}

/** Of a laptop every battery; 1 is "discharging". */
const windowsQuery = '(Get-CimInstance Win32_Battery).BatteryStatus';

/** How long a program may take to answer, milliseconds. */
const patienceMs = 10_000;

async function outputOf(command: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(command, args, { timeout: patienceMs, windowsHide: true })).stdout;
}

/** By the kernel's files: a battery of the machine is being drained and no mains adapter is online. Of mice and phones nothing. */
export async function linuxOnBattery(folder: string): Promise<boolean> {
  const read = async (name: string, file: string): Promise<string> =>
    readFile(join(folder, name, file), 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
  const supplies = await Promise.all(
    (await readdir(folder).catch(() => [])).map(async (name) => ({
      ...{ type: await read(name, 'type'), scope: await read(name, 'scope') },
      ...{ online: await read(name, 'online'), status: await read(name, 'status') },
    })),
  );
  const own = supplies.filter(({ scope }) => scope !== 'Device');
  const isPlugged = own.some(({ type, online }) => type !== 'Battery' && online === '1');
  return !isPlugged && own.some(({ type, status }) => type === 'Battery' && status === 'Discharging');
}

/** By the output of `pmset -g batt`. */
export function macOnBattery(output: string): boolean {
  return output.includes("'Battery Power'");
}

/** By the states of the batteries, one a line. */
export function windowsOnBattery(output: string): boolean {
  return output.split(/\s+/).includes('1');
}
