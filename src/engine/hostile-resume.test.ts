import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleMetrics, exampleRun } from '../../test/support/run-examples.ts';
import { appendMetrics, makeRunFolders, runPaths, writeRun } from '../run/folder.ts';
import { runEngine } from './engine.ts';
import { isOwnSocket, newSocketPath, removeDeadSockets, removeSocket } from './socket-path.ts';

describe('resuming a run of unknown origin', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-resume-'));
    const run = exampleRun();
    writeRun(dir, { ...run, state: 'finished', step: 3, engine: { ...run.engine, pid: 1, startTime: '' } });
    makeRunFolders(dir);
    [1, 2, 3].forEach((step) => appendMetrics(dir, exampleMetrics(step)));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const everything = (): [string, string][] =>
    ['run.json', 'metrics.jsonl'].map((name) => [name, readFileSync(join(dir, name), 'utf8')]);
  const resume = () => runEngine({ dir, steps: 5, onReady: () => undefined });

  it('is refused without its checkpoints, with what is missing, and drops nothing', async () => {
    const before = everything();
    rmSync(runPaths(dir).checkpoints, { recursive: true });
    await assert.rejects(resume(), /records of 3 steps and no checkpoint/);
    const old = join(runPaths(dir).checkpoints, '000002');
    mkdirSync(old, { recursive: true });
    writeFileSync(join(old, 'state.json'), '{"step":2}');
    await assert.rejects(resume(), /has done 3 steps, and its last checkpoint is that of step 2/);
    assert.deepEqual(everything(), before);
  });

  it('removes nothing outside of its folder', async function () {
    if (process.platform === 'win32') {
      return this.skip();
    }
    const outside = mkdtempSync(join(tmpdir(), 'selfq-outside-'));
    try {
      ['a.tmp', '000009.jsonl'].forEach((name) => writeFileSync(join(outside, name), ''));
      for (const name of ['steps', 'evals', 'checkpoints'] as const) {
        rmSync(runPaths(dir)[name], { recursive: true });
        symlinkSync(outside, runPaths(dir)[name]);
        await assert.rejects(resume(), /is a link where a folder should be/);
        rmSync(runPaths(dir)[name]);
        mkdirSync(runPaths(dir)[name]);
      }
      assert.deepEqual(readdirSync(outside).sort(), ['000009.jsonl', 'a.tmp']);
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
});

describe('the address of a control socket', () => {
  it('is known by its place, its name and its kind; nothing else is removed', async () => {
    const path = newSocketPath();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    assert.ok(isOwnSocket(path));
    await new Promise((resolve) => server.close(resolve));
    if (process.platform !== 'win32') {
      writeFileSync(path, '');
      removeSocket(path);
      assert.equal(readFileSync(path, 'utf8'), '');
      rmSync(path);
      for (const other of ['/var/run/docker.sock', '/tmp/x/selfq-0123456789abcdef.sock', '/tmp/selfq-1.sock', '']) {
        assert.ok(!isOwnSocket(other));
      }
    }
  });

  it('is removed some time after its engine was killed, and while that lives never', async function () {
    if (process.platform === 'win32') {
      return this.skip();
    }
    const [killed, living, young] = [newSocketPath(), newSocketPath(), newSocketPath()];
    const listen = async (path: string) => {
      const script = "require('net').createServer().listen(process.argv[1], () => console.log('listens'))";
      const child = spawn(process.execPath, ['-e', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      return child;
    };
    const children = await Promise.all([killed, living, young].map(listen));
    try {
      for (const index of [0, 2]) {
        const child = children[index];
        const ended = child && once(child, 'exit');
        child?.kill('SIGKILL');
        await ended;
      }
      const before = new Date(Date.now() - 3_600_000);
      utimesSync(killed, before, before);
      utimesSync(living, before, before);
      await removeDeadSockets();
      assert.deepEqual([killed, living, young].map(existsSync), [false, true, true]);
    } finally {
      children.forEach((child) => child.kill('SIGKILL'));
      [killed, living, young].forEach((path) => rmSync(path, { force: true }));
    }
  }).timeout(60_000);
});
