import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryPath } from '../src/base/entries.ts';
import { writeRun } from '../src/run/folder.ts';
import { functionProblem, honest } from './support/problems.ts';
import { exampleRun } from './support/run-examples.ts';

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

describe('what a person gives to the command line by mistake, or from a stranger', function () {
  this.timeout(120_000);
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-input-'));
    writeFileSync(join(dir, 'problem.json'), JSON.stringify(functionProblem()));
    writeFileSync(join(dir, 'solution.js'), honest);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  function selfq(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const options = { cwd: dir, env: { ...process.env, SELFQ_HOME: join(dir, 'cache'), NO_COLOR: '1', ...env } };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [entryPath('cli'), ...args],
        { ...options, timeout: 60_000 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
          resolve({ code, stdout, stderr });
        },
      );
    });
  }
  const judge = (problem: string, solution: string, env?: NodeJS.ProcessEnv): Promise<Ended> =>
    selfq(['judge', '--problem', problem, '--solution', solution], env);

  it('is refused in words, and never called a defect of the program', async () => {
    const cases: [Promise<Ended>, RegExp][] = [
      [selfq(['judge', '--batch', dir]), /is a folder[\s\S]*JSONL/],
      [judge(dir, 'solution.js'), /cannot be read/],
      [judge('problem.json', 'solution.js', { TMPDIR: join(dir, 'nowhere') }), /nowhere, cannot be used[\s\S]*TMPDIR/],
      [selfq(['serve', '--port', '99999']), /--port cannot be "99999"/],
      [
        selfq(['run', '--topic', 'x'.repeat(3000)]),
        /topic cannot be "x{40}…"[\s\S]*3000 characters; give at most 1000/,
      ],
    ];
    if (process.platform !== 'win32') {
      cases.push([judge('/dev/zero', 'solution.js'), /has more than 256 MB/]);
    }
    for (const [ended, words] of cases) {
      const { code, stderr } = await ended;
      assert.match(stderr, words);
      assert.doesNotMatch(stderr, /defect of the program/);
      assert.ok(code === 1 || code === 2, String(code));
    }
  });

  it('is refused in words where a folder can only be read', async function () {
    if (process.platform === 'win32') {
      return this.skip();
    }
    // Permissions bind nobody who is root, the file system of the kernel binds root as well.
    const locked = process.getuid?.() === 0 ? '/sys/kernel' : join(dir, 'locked');
    if (locked.startsWith(dir)) {
      mkdirSync(locked);
      chmodSync(locked, 0o500);
    }
    const { code, stderr } = await selfq(['models', 'pull'], { SELFQ_HOME: join(locked, 'cache') });
    assert.equal(code, 1);
    assert.match(stderr, /could not be stored|may be written/);
    assert.doesNotMatch(stderr, /defect of the program/);
  });

  it('is read with a byte order mark, and with names as Windows writes them', async () => {
    writeFileSync(join(dir, 'marked.json'), `\uFEFF${JSON.stringify(functionProblem())}`);
    writeFileSync(
      join(dir, 'solution.TS'),
      'function solve(a: number[]): number { return a.reduce((x, y) => x + y, 0); }',
    );
    const { stdout, stderr } = await judge('marked.json', 'solution.TS');
    assert.match(stdout, /^AC: 3 of 3/, stderr);
  });

  it('does not steer the terminal', async () => {
    writeFileSync(join(dir, 'sly.js'), String.raw`function solve() { throw new Error('\x1b[2Jpassed: AC \u202e'); }`);
    const { stdout } = await judge('problem.json', 'sly.js');
    assert.match(stdout, /\\x1b\[2Jpassed: AC \\u202e/);
    assert.doesNotMatch(stdout, /[\x1b\u202e]/);

    const run = exampleRun();
    const sly = '\x1b[2J\x1b]0;title\x07\u202e';
    writeRun(mkdirIn('runs/sly'), {
      ...run,
      ...{ id: sly, state: 'failed', config: { ...run.config, topic: `${sly}\nfinished` } },
      ...{ model: { ...run.model, id: sly }, error: { boundary: 'run', message: sly, remedy: sly } },
    });
    for (const args of [['status'], ['status', 'runs/sly'], ['export', 'runs/sly', '--format', 'peft']]) {
      const ended = await selfq(args);
      assert.doesNotMatch(ended.stdout + ended.stderr, /[\x1b\x07\u202e]/, args.join(' '));
    }
  });

  it('is listed as unreadable where a run leads out of its folder, and waited for nowhere', async function () {
    if (process.platform === 'win32') {
      return this.skip();
    }
    symlinkSync('/dev/zero', join(mkdirIn('runs/endless'), 'run.json'));
    const { stdout } = await selfq(['status']);
    assert.match(stdout, /endless\s+unreadable/);
    const one = await selfq(['status', 'runs/endless']);
    assert.equal(one.code, 1);
    assert.match(one.stderr, /run\.json is a link/);
  });

  it('is told in commands that can be pasted', async () => {
    const name = "ü #2 'q'";
    const run = exampleRun();
    writeRun(mkdirIn(name), { ...run, engine: { ...run.engine, pid: 1, startTime: 'gone:1', heartbeat: '2000' } });
    const { stderr } = await selfq(['pause', name]);
    const printed = /selfq resume (.*)`/.exec(stderr)?.[1] ?? '';
    assert.ok(printed.startsWith(process.platform === 'win32' ? '"' : "'"), stderr);
    assert.ok(readFileSync(join(dir, name, 'run.json'), 'utf8').includes('running'));
  });

  function mkdirIn(name: string): string {
    const path = join(dir, name);
    mkdirSync(path, { recursive: true });
    return path;
  }
});
