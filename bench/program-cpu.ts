import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { runJob as RunJob } from '../src/sandbox/worker/isolate.ts';
import type { launchPlan as LaunchPlan } from '../src/sandbox/host/launch.ts';

/**
 * CPU of whole programs with ten tests in the JavaScript judge, beside another checkout of this repository: `runJob` alone,
 * both checkouts in turns, each in processes with the flags of its worker; the quickest batch of all counts.
 * usage: node --no-node-snapshot bench/program-cpu.ts OTHER_CHECKOUT [--rounds 4] [--forms readFileSync,listeners,readline]
 */
const forms: Record<string, string> = {
  readFileSync: `
    const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n');
    const numbers = lines[1].split(' ').map(Number);
    console.log(numbers.reduce((sum, number) => sum + number, 0));`,
  listeners: `
    let text = '';
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (part) => { text += part; });
    process.stdin.on('end', () => {
      const numbers = text.trim().split('\\n')[1].split(' ').map(Number);
      console.log(numbers.reduce((sum, number) => sum + number, 0));
    });`,
  readline: `
    const readline = require('readline');
    const rl = readline.createInterface({ input: process.stdin, output: process.stdout });
    const lines = [];
    rl.on('line', (line) => lines.push(line));
    rl.on('close', () => {
      const numbers = lines[1].split(' ').map(Number);
      console.log(numbers.reduce((sum, number) => sum + number, 0));
    });`,
};
const inputs = Array.from({ length: 10 }, (_, test) => {
  const numbers = Array.from({ length: 50 }, (_item, index) => (index * 37 + test * 101) % 1000);
  return `${numbers.length}\n${numbers.join(' ')}\n`;
});
const [batches, runs] = [16, 6];

/** In the process of one checkout: CPU milliseconds of a program, the quickest batch. */
async function measure(module: string, source: string): Promise<number> {
  const { runJob } = (await import(module)) as { runJob: typeof RunJob };
  const job = { id: 1, nonce: '', kind: 'program', language: 'javascript', entry: '', source, inputs } as const;
  const limits = { timeMs: 2000, memoryMb: 64, seed: 1, wallFactor: 10 };
  const run = (): void => {
    runJob({ ...job, ...limits }, ({ status, message }) => {
      if (status !== 'ok') {
        throw new Error(`the program failed: ${status} ${message}`);
      }
    });
  };
  // The third program warms the code caches up.
  for (let program = 0; program < runs; program += 1) {
    run();
  }
  let least = Infinity;
  for (let batch = 0; batch < batches; batch += 1) {
    const start = process.cpuUsage();
    for (let program = 0; program < runs; program += 1) {
      run();
    }
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000 / runs);
  }
  return least;
}

/** How this checkout, or one with the layout of before, is measured: its flags and its module. */
async function checkout(folder: string): Promise<{ flags: string[]; module: string }> {
  const inRooms = existsSync(join(folder, 'src/sandbox/worker'));
  const path = (room: string, file: string): string => join(folder, 'src/sandbox', inRooms ? room : '', file);
  const { launchPlan } = (await import(path('host', 'launch.ts'))) as { launchPlan: typeof LaunchPlan };
  const fences = { network: false, dataLimit: false, vitals: false };
  const workerPath = path('worker', 'worker.ts');
  const { args } = launchPlan({ nodePath: process.execPath, workerPath, cwd: folder, fences });
  const flags = args.filter((flag) => flag.startsWith('--') && !/^--(?:permission|allow-)/.test(flag));
  return { flags, module: pathToFileURL(path('worker', 'isolate.ts')).href };
}

async function compare(other: string, rounds: number, names: readonly string[]): Promise<void> {
  const [own, base] = [await checkout(join(import.meta.dirname, '..')), await checkout(resolve(other))];
  process.stdout.write(`load ${loadavg()[0]?.toFixed(1)}\n`);
  for (const form of names) {
    const least = { own: Infinity, base: Infinity };
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, { flags, module }] of [
        ['base', base],
        ['own', own],
      ] as const) {
        // The third argument of a worker is the module that isolated-vm is.
        const args = [...flags, import.meta.filename, 'isolated-vm', module, form];
        least[name] = Math.min(least[name], Number(execFileSync(process.execPath, args, { encoding: 'utf8' })));
      }
    }
    const { own: ms, base: otherMs } = least;
    process.stdout.write(`${form}: ${otherMs.toFixed(2)} -> ${ms.toFixed(2)} ms, ${(ms / otherMs).toFixed(3)} times\n`);
  }
}

const [, , first = '', module, form] = process.argv;
if (first === 'isolated-vm' && module !== undefined && form !== undefined) {
  process.stdout.write(String(await measure(module, forms[form] ?? '')));
} else {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '4' },
      forms: { type: 'string', default: Object.keys(forms).join(',') },
    },
  });
  await compare(positionals[0] ?? '.', Number(values.rounds), values.forms.split(','));
}
