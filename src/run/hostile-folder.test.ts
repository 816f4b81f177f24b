import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleMetrics, exampleRun } from '../../test/support/run-examples.ts';
import { BoundaryError } from '../base/errors.ts';
import { appendLine, writeFileAtomic } from '../base/files.ts';
import { listCheckpoints } from './checkpoint.ts';
import { makeRunFolders, openLog, readLogEnd, readRun, readStep, runPaths, writeRun } from './folder.ts';
import { listRuns } from './list.ts';
import { claimRun, isAlive } from './ownership.ts';

const isRefusal = (error: unknown): boolean => error instanceof BoundaryError && error.boundary === 'run';

describe('a run folder of unknown origin', function () {
  if (process.platform === 'win32') {
    return;
  }
  let root: string;
  let dir: string;
  let outside: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'selfq-hostile-'));
    dir = join(root, 'runs', 'x');
    outside = join(root, 'outside');
    mkdirSync(dir, { recursive: true });
    mkdirSync(outside);
    writeFileSync(join(outside, 'mine.tmp'), 'mine');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is refused by name, and soon, where its record has no end, is a pipe or is too long', () => {
    const { run } = runPaths(dir);
    symlinkSync('/dev/zero', run);
    assert.throws(() => readRun(dir), isRefusal);
    assert.match((listRuns(join(root, 'runs'))[0] as { problem: string }).problem, /run\.json is a link/);
    rmSync(run);
    execFileSync('mkfifo', [run]);
    assert.throws(() => readRun(dir), /a pipe/);
    rmSync(run);
    writeFileSync(run, '{');
    truncateSync(run, 2 ** 33);
    assert.throws(() => readRun(dir), /has 8589934592 bytes/);
  });

  it('is refused where a part of it leads out of it', () => {
    const { steps, evals, checkpoints, metrics, log, lock } = runPaths(dir);
    writeRun(dir, exampleRun());
    for (const part of [steps, evals, checkpoints, metrics, log, lock]) {
      symlinkSync(outside, part);
      assert.throws(() => readRun(dir), isRefusal, part);
      assert.throws(() => makeRunFolders(dir), isRefusal, part);
      assert.throws(() => openLog(dir), isRefusal, part);
      rmSync(part);
    }
    makeRunFolders(dir);
    symlinkSync(outside, join(checkpoints, '000003'));
    assert.throws(() => listCheckpoints(dir), isRefusal);
    symlinkSync(join(outside, 'mine.tmp'), join(steps, '000001.jsonl'));
    assert.throws(() => readStep(dir, 1), isRefusal);
    assert.throws(() => readStep(dir, 1, ['question']), isRefusal);
    assert.deepEqual(readdirSync(outside), ['mine.tmp']);
  });

  it('has nothing written through it to another place', () => {
    const victim = join(outside, 'mine.tmp');
    const { run, lock, metrics } = runPaths(dir);
    symlinkSync(victim, `${run}.${process.pid}.tmp`);
    symlinkSync(victim, `${lock}.${process.pid}.tmp`);
    writeFileAtomic(run, '{}');
    claimRun(dir).release();
    symlinkSync(victim, metrics);
    assert.throws(() => appendLine(metrics, JSON.stringify(exampleMetrics(1))));
    assert.equal(readFileSync(victim, 'utf8'), 'mine');
    assert.ok(!existsSync(lock));
  });

  it('has no more than the end of its log read', () => {
    closeSync(openLog(dir));
    writeFileSync(runPaths(dir).log, `${'x'.repeat(10_000_000)}\nlast words\n`);
    assert.ok(readLogEnd(dir).length < 100_000);
    assert.match(readLogEnd(dir), /last words/);
  });

  it('is not alive for its word alone', () => {
    const { engine } = exampleRun();
    const elsewhere = { ...engine, startTime: 'other:1' };
    assert.equal(isAlive(elsewhere), true);
    assert.equal(isAlive({ ...elsewhere, heartbeat: '2099-01-01T00:00:00.000Z' }), false);
    assert.equal(isAlive({ ...elsewhere, heartbeat: 'soon' }), false);
  });
});
