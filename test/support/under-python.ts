import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { NodeRun as PythonRun } from './under-node.ts';

const script = join(import.meta.dirname, 'python_reference.py');
/** Standard streams are what a judge's machine gives them, whatever the locale and the settings here. */
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PYTHON'))),
  LC_ALL: 'C.UTF-8',
};

/** Why `python3` here can't tell what CPython does; undefined where it can. */
export function whyNoPython(): string | undefined {
  if (process.platform === 'win32') {
    return 'Windows has no fork';
  }
  try {
    const version = execFileSync('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' });
    const [major = 0, minor = 0] = version.split(' ').map(Number);
    return major === 3 && minor >= 11 ? undefined : `python3 is ${major}.${minor}, older than 3.11`;
  } catch {
    return 'there is no python3';
  }
}

/** One CPython that runs program after program, see python_reference.py. */
export class PythonReference {
  readonly #child: ChildProcess;
  readonly #requests: Writable;
  readonly #waiting: { resolve: (run: PythonRun) => void; reject: (error: Error) => void }[] = [];

  constructor() {
    const empty = inFolder((folder) => openSync(join(folder, 'empty'), 'w+'));
    this.#child = spawn('python3', [script], { stdio: [empty, empty, 'inherit', 'pipe', 'pipe'], env: environment });
    closeSync(empty);
    this.#requests = this.#child.stdio[3] as Writable;
    createInterface({ input: this.#child.stdio[4] as Readable }).on('line', (line) => {
      const [out, err, exitCode] = JSON.parse(line) as [string, string, number];
      const text = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();
      this.#waiting.shift()?.resolve({ stdout: text(out), stderr: text(err), exitCode });
    });
    this.#child.on('close', (code) => {
      for (const { reject } of this.#waiting) {
        reject(new Error(`python3 ended with ${code}`));
      }
    });
    this.#requests.on('error', () => undefined);
  }

  run(source: string, stdin = ''): Promise<PythonRun> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#requests.write(`${JSON.stringify([source, stdin])}\n`);
    });
  }

  close(): void {
    this.#requests.end();
  }
}

/** The same by a process that is started with the program as a file: what {@link PythonReference} has to equal. */
export function underPython(source: string, stdin = ''): PythonRun {
  return inFolder((cwd) => {
    const file = (name: string, content: string): number => {
      writeFileSync(join(cwd, name), content);
      return openSync(join(cwd, name), 'r+');
    };
    writeFileSync(join(cwd, 'solution.py'), source);
    const streams = [file('stdin', stdin), file('stdout', ''), file('stderr', '')];
    const { status } = spawnSync('python3', ['solution.py'], { cwd, env: environment, stdio: streams });
    streams.forEach((stream) => closeSync(stream));
    const text = (name: string): string => readFileSync(join(cwd, name), 'utf8');
    return { stdout: text('stdout'), stderr: text('stderr'), exitCode: status };
  });
}

function inFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'selfq-test-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
