import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import type { Evaluation, RunRecord, StepLine, StepMetrics } from '../protocol/records.ts';
import {
  appendMetrics,
  readEvaluations,
  readMetrics,
  readRun,
  readStep,
  recordedSteps,
  runPaths,
  truncateToStep,
  writeEvaluation,
  writeRun,
  writeStep,
} from './folder.ts';
import { listRuns } from './list.ts';
import { exampleEvaluation, exampleMetrics, exampleRun } from '../../test/support/run-examples.ts';

describe('run folder', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-run-'));
    mkdirSync(runPaths(dir).steps);
    mkdirSync(runPaths(dir).evals);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('gives back what was written', () => {
    const run: RunRecord = exampleRun();
    const metrics: StepMetrics = exampleMetrics(1);
    const evaluation: Evaluation = exampleEvaluation(0);
    writeRun(dir, run);
    appendMetrics(dir, metrics);
    writeEvaluation(dir, evaluation);
    writeStep(dir, 1, [{ type: 'step', step: 1, seed: 7 }]);
    assert.deepEqual(readRun(dir), run);
    assert.deepEqual(readMetrics(dir), [metrics]);
    assert.deepEqual(readEvaluations(dir), [evaluation]);
    assert.deepEqual(readStep(dir, 1), [{ type: 'step', step: 1, seed: 7 }]);
  });

  describe('of a step', () => {
    const completion = { id: 'p', groupId: 'g', text: 'ask', finishReason: 'stop', advantage: 0, reward: 1 } as const;
    const lines: StepLine[] = [
      { type: 'step', step: 1, seed: 7 },
      { type: 'tokens', id: 'p', tokenIds: [5, 6], logprobs: [-1, -2] },
      { type: 'proposal', ...completion, tokens: 2, meanLogprob: -1.5 },
    ];

    it('writes texts first and tokens last, and gives back all of them', () => {
      writeStep(dir, 1, lines);
      assert.deepEqual(
        readStep(dir, 1).map(({ type }) => type),
        ['step', 'proposal', 'tokens'],
      );
      assert.deepEqual(readStep(dir, 1, ['tokens', 'proposal']), [lines[2], lines[1]]);
    });

    it('reads texts without their tokens, which need not even be whole', () => {
      writeStep(dir, 1, lines);
      const path = join(runPaths(dir).steps, '000001.jsonl');
      writeFileSync(path, readFileSync(path, 'utf8').replace('"tokenIds":[5', '"tokenIds":[damaged'));
      assert.deepEqual(readStep(dir, 1, ['proposal']), [lines[2]]);
      assert.throws(() => readStep(dir, 1, ['tokens']), /damaged/);
    });

    it('reads files of older versions, whose proposals and answers hold their tokens', () => {
      const inline = { type: 'proposal', ...completion, tokenIds: [5, 6], logprobs: [-1, -2] };
      const written = [lines[0], inline].map((line) => `${JSON.stringify(line)}\n`).join('');
      writeFileSync(join(runPaths(dir).steps, '000001.jsonl'), written);
      assert.deepEqual(readStep(dir, 1), [lines[0], lines[2], lines[1]]);
      assert.deepEqual(readStep(dir, 1, ['proposal']), [lines[2]]);
      assert.deepEqual(readStep(dir, 1, ['tokens']), [lines[1]]);
    });
  });

  it('keeps the token from other users', function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    writeRun(dir, exampleRun());
    assert.equal(statSync(runPaths(dir).run).mode & 0o077, 0);
  });

  it('refuses the folder of a newer version and says which', () => {
    writeFileSync(runPaths(dir).run, JSON.stringify({ ...exampleRun(), version: 2, somethingNew: true }));
    assert.throws(
      () => readRun(dir),
      (error) => error instanceof BoundaryError && error.boundary === 'run' && /version 2.*up to 1/.test(error.message),
    );
  });

  it('refuses a folder that holds no run', () => {
    assert.throws(() => readRun(dir), /not the folder of a run/);
  });

  it('drops everything after a checkpoint, torn lines and halves of files too', () => {
    for (const step of [1, 2, 3]) {
      appendMetrics(dir, exampleMetrics(step));
      writeStep(dir, step, [{ type: 'step', step, seed: 7 }]);
      writeEvaluation(dir, exampleEvaluation(step));
    }
    appendFileSync(runPaths(dir).metrics, '{"step":4,"sol');
    writeFileSync(join(runPaths(dir).steps, '000004.jsonl.99.tmp'), 'half');
    truncateToStep(dir, 2);
    assert.deepEqual(
      readMetrics(dir).map(({ step }) => step),
      [1, 2],
    );
    assert.deepEqual(recordedSteps(dir), [1, 2]);
    assert.deepEqual(
      readEvaluations(dir).map(({ step }) => step),
      [1, 2],
    );
    assert.ok(!existsSync(join(runPaths(dir).steps, '000004.jsonl.99.tmp')));
    appendMetrics(dir, exampleMetrics(3));
    assert.equal(readMetrics(dir).length, 3);
  });

  it('lists runs newest first, with what is wrong with an unreadable one', () => {
    for (const [name, createdAt] of [
      ['old', '2026-01-01T00:00:00Z'],
      ['new', '2026-02-01T00:00:00Z'],
    ] as const) {
      mkdirSync(join(dir, name));
      writeRun(join(dir, name), { ...exampleRun(), id: name, createdAt });
    }
    mkdirSync(join(dir, 'broken'));
    writeFileSync(runPaths(join(dir, 'broken')).run, '{');
    const listed = listRuns(dir);
    assert.deepEqual(
      listed.slice(0, 2).map((entry) => ('run' in entry ? entry.run.id : '')),
      ['new', 'old'],
    );
    assert.ok(listed[2] && 'problem' in listed[2] && listed[2].problem.includes('damaged'));
  });
});
