import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { Contention } from './host/contention.ts';
import { functionProblem, honest } from '../../test/support/problems.ts';
import { makeWorkingFolder, probeFences, removeWorkingFolder } from './host/launch.ts';
import { createSandbox, type SandboxPool } from './host/pool.ts';
import { WorkerProcess } from './host/worker-process.ts';

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    assert.ok(waited < 60_000, 'it never came to be');
    await sleep(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has ended, and only waits to be counted.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** CPU milliseconds that a process has had. */
function cpuMsOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}

/** A program that is honest and takes long enough to be interfered with. */
const longHonest = `function solve(a) {
  let x = 0;
  for (let i = 0; i < 3e7; i += 1) x = (x + i) % 7;
  return a.reduce((s, v) => s + v, 0) + x - x;
}`;
const problem = functionProblem({ limits: { timeMs: 5000, memoryMb: 64 } });

describe('faults of processes', function () {
  this.timeout(120_000);
  let sandbox: SandboxPool;

  before(async function () {
    if (process.platform !== 'linux') {
      this.skip();
    }
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(async () => {
    await sandbox.close();
  });

  /** Sends a signal to the worker that runs the next program, once it is at it. */
  async function interfere(signal: NodeJS.Signals): Promise<void> {
    const before = new Map(sandbox.workerPids().map((pid) => [pid, cpuMsOf(pid)]));
    await until(() =>
      sandbox.workerPids().some((pid) => before.has(pid) && cpuMsOf(pid) > (before.get(pid) ?? 0) + 20),
    );
    const busy = sandbox.workerPids().find((pid) => before.has(pid) && cpuMsOf(pid) > (before.get(pid) ?? 0) + 20);
    process.kill(busy ?? 0, signal);
  }

  for (const signal of ['SIGKILL', 'SIGSEGV', 'SIGSTOP', 'SIGTERM'] as const) {
    it(`a worker that gets ${signal} in mid-program costs no verdict`, async () => {
      // The spare must be up, so that the worker that is seen to compute is the one with the program.
      await until(() => sandbox.workerPids().length === 2);
      await sandbox.judge({ problem, source: honest });
      await sleep(500);
      const [result] = await Promise.all([sandbox.judge({ problem, source: longHonest }), interfere(signal)]);
      assert.equal(result.verdict, 'AC', JSON.stringify(result));
      assert.equal((await sandbox.judge({ problem, source: honest })).verdict, 'AC');
    });
  }

  it('an idle worker that dies is replaced', async () => {
    await until(() => sandbox.workerPids().length === 2);
    for (const pid of sandbox.workerPids()) {
      process.kill(pid, 'SIGKILL');
    }
    assert.equal((await sandbox.judge({ problem, source: honest })).verdict, 'AC');
  });

  it('no worker outlives a parent that is killed, not even one in a loop that nothing stops; its folder goes with the next start', async () => {
    const script = `
      import { createSandbox } from ${JSON.stringify(new URL('./host/pool.ts', import.meta.url).href)};
      import { functionProblem } from ${JSON.stringify(new URL('../../test/support/problems.ts', import.meta.url).href)};
      const sandbox = await createSandbox({ workers: 1, canaries: 'none' });
      sandbox.judge({
        problem: functionProblem({ limits: { timeMs: 60000, memoryMb: 64 } }),
        source: 'function solve() { return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1); }',
      });
      setTimeout(() => console.log(sandbox.workerPids().join(' ')), 300);
    `;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const text = await new Promise<string>((resolve) => {
      parent.stdout.setEncoding('utf8').once('data', resolve);
    });
    const pids = text.trim().split(' ').map(Number);
    assert.ok(pids.length > 0 && pids.every(isAlive));
    parent.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
    removeWorkingFolder(makeWorkingFolder());
    assert.deepEqual(
      readdirSync(tmpdir()).filter((name) => name.startsWith(`selfq-sandbox-${parent.pid}-`)),
      [],
    );
  });

  it('closing leaves neither a process nor a file', async () => {
    const other = await createSandbox({ workers: 2, canaries: 'none' });
    await until(() => other.workerPids().length === 3);
    const pids = other.workerPids();
    const waiting = other.judge({ problem, source: 'for (;;);' });
    await other.close();
    assert.equal((await waiting).verdict, 'IE');
    await until(() => !pids.some((pid) => existsSync(`/proc/${pid}`)));
  });

  it('workers see no network and inherit no environment', async () => {
    const [pid] = sandbox.workerPids();
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1')
      .split('\0')
      .map((entry) => entry.split('=')[0]);
    assert.deepEqual(
      environment.filter((name) => !['PATH', 'PWD', 'SHLVL', '_', 'OLDPWD', ''].includes(name ?? '')),
      [],
    );
    if ((await probeFences()).network) {
      const interfaces = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
        .split('\n')
        .slice(2)
        .filter((line) => line.trim() !== '');
      assert.ok(
        interfaces.every((line) => /^\s*lo:/.test(line)),
        interfaces.join('\n'),
      );
    }
  });

  it('a first worker that is killed while it starts is started again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'selfq-killed-'));
    try {
      const node = join(folder, 'node');
      const once = join(folder, 'once');
      writeFileSync(
        node,
        `#!/bin/sh\nif [ ! -e ${once} ]; then touch ${once}; kill -9 $$; fi\nexec ${process.execPath} "$@"\n`,
      );
      chmodSync(node, 0o755);
      const started = await createSandbox({ workers: 1, canaries: 'none', nodePath: node });
      await started.close();
      writeFileSync(node, '#!/bin/sh\nkill -9 $$\n');
      await assert.rejects(createSandbox({ nodePath: node }), { remedy: /free some memory/ });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a missing binary or a Node that cannot run it is told with what to do', async () => {
    await assert.rejects(createSandbox({ nodePath: '/bin/false' }), /cannot start on .* with Node ABI/);
  });
});

describe('a worker that does not keep to the protocol', function () {
  this.timeout(60_000);
  const frame =
    'const frame = (v) => { const t = Buffer.from(typeof v === "string" ? v : JSON.stringify(v)); const h = Buffer.alloc(4); h.writeUInt32LE(t.length); return Buffer.concat([h, t]); };';
  const head = `const fs = require('fs'); ${frame} const send = (b) => { let n = 0; while (n < b.length) { try { n += fs.writeSync(3, b, n); } catch (e) { if (e.code !== 'EAGAIN') throw e; } } }; send(frame({ ready: true }));`;
  const readJob =
    'const b = Buffer.alloc(65536); const n = fs.readSync(3, b); const job = JSON.parse(b.toString("utf8", 4, n));';
  const rows: [name: string, script: string, reason: string][] = [
    [
      'answers for another id',
      `${head} ${readJob} send(frame({ id: job.id + 1, nonce: job.nonce, outcomes: [], done: true })); setInterval(() => {}, 1000);`,
      'protocol',
    ],
    [
      'answers with another nonce',
      `${head} ${readJob} send(frame({ id: job.id, nonce: 'x', outcomes: [], done: true })); setInterval(() => {}, 1000);`,
      'protocol',
    ],
    [
      'leaves out a test',
      `${head} ${readJob} send(frame({ id: job.id, nonce: job.nonce, outcomes: [], done: true })); setInterval(() => {}, 1000);`,
      'protocol',
    ],
    [
      'answers a test twice',
      `${head} ${readJob} const o = { index: 0, status: 'ok', timeMs: 0, value: '6' }; send(frame({ id: job.id, nonce: job.nonce, outcomes: [o, o], done: true })); setInterval(() => {}, 1000);`,
      'protocol',
    ],
    ['sends what is no JSON', `${head} ${readJob} send(frame('{{{')); setInterval(() => {}, 1000);`, 'protocol'],
    [
      'announces a giant message',
      `${head} ${readJob} send(Buffer.from([255, 255, 255, 255])); setInterval(() => {}, 1000);`,
      'protocol',
    ],
    ['floods', `${head} ${readJob} for (;;) send(Buffer.alloc(65536, 32));`, 'protocol'],
    [
      'claims fields of its own',
      `${head} ${readJob} send(frame({ id: job.id, nonce: job.nonce, outcomes: [{ index: 0, status: 'ok', timeMs: 0, value: '6', verdict: 'AC' }], done: true })); setInterval(() => {}, 1000);`,
      'protocol',
    ],
    ['never reads', `${head} for (;;);`, 'time'],
  ];
  for (const [name, script, reason] of rows) {
    it(`is killed when it ${name}`, async () => {
      const worker = new WorkerProcess({ command: process.execPath, args: ['-e', script], env: {}, cwd: tmpdir() });
      assert.equal(await worker.ready, undefined);
      const watch = setInterval(() => {
        worker.watch(new Contention());
      }, 20);
      const report = await worker.run({
        kind: 'function',
        source: name === 'never reads' ? `// ${'x'.repeat(900_000)}` : '',
        language: 'javascript',
        entry: 'solve',
        inputs: ['[]'],
        timeMs: 50,
        memoryMb: 64,
        seed: 0,
        wallFactor: 1,
      });
      clearInterval(watch);
      assert.ok(report.end.type === 'killed' && report.end.reason === reason, JSON.stringify(report.end));
      await worker.exited;
    });
  }
});
