import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleEvaluation, exampleMetrics, exampleRun } from '../../../test/support/run-examples.ts';
import { encodeEvents, exportTensorboard, scalarGroups } from './export-tensorboard.ts';
import { appendMetrics, runPaths, writeEvaluation, writeRun } from '../folder.ts';
import { crc32c } from './tfrecord.ts';

describe('TensorBoard export', () => {
  let dir: string;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tensorboard-'));
  });

  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  it("gives the bytes of TensorBoard's own writer", () => {
    const group = (time: string, step: number, figures: Record<string, number>) => ({
      time,
      step,
      scalars: Object.entries(figures).map(([tag, value]) => ({ tag, step, value })),
    });
    const bytes = encodeEvents('2026-01-01T00:00:00.000Z', [
      group('2026-01-01T00:00:01.500Z', 0, { 'eval/accuracy': 0.5, 'eval/mean_score': 0 }),
      group('2026-01-01T00:01:00.250Z', 1, { 'solver/reward': 0.25, 'proposer/reward': 1, 'solver/loss': -0.125 }),
      group('2026-01-01T00:02:00.000Z', 300, { 'solver/reward': 0.1, 'verdicts/AC': 20 }),
    ]);
    // Made by scripts/fixtures/tensorboard_events.py.
    const expected = readFileSync(new URL('fixtures/tensorboard.tfevents', import.meta.url));
    assert.deepEqual(bytes, expected);
  });

  it('computes CRC-32C as RFC 3720 gives it', () => {
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });

  it('has a point for each measured figure, and none for what was not measured', () => {
    const metrics = exampleMetrics(1);
    const [evaluation, step] = scalarGroups([metrics], [{ ...exampleEvaluation(0), time: '2025-12-31T23:00:00.000Z' }]);
    assert.deepEqual(evaluation?.scalars, [
      { tag: 'eval/accuracy', step: 0, value: 0.5 },
      { tag: 'eval/mean_score', step: 0, value: 0.6 },
    ]);
    const byTag = new Map(step?.scalars.map(({ tag, value }) => [tag, value]));
    assert.equal(byTag.get('solver/reward'), 0.5);
    assert.equal(byTag.get('solver/loss'), 0.01);
    assert.equal(byTag.has('proposer/loss'), false);
    assert.equal(byTag.get('rejected/near_duplicate'), 2);
    assert.equal(byTag.get('seconds/propose'), 1);
    assert.equal(byTag.get('verdicts/WA'), 3);
  });

  it('keeps the benchmarks apart when there are several', () => {
    const groups = scalarGroups([], [exampleEvaluation(0), { ...exampleEvaluation(0), benchmark: 'hard' }]);
    const tags = groups.flatMap(({ scalars }) => scalars.map(({ tag }) => tag));
    assert.deepEqual(
      tags.filter((tag) => tag.endsWith('accuracy')),
      ['eval/coding/accuracy', 'eval/hard/accuracy'],
    );
  });

  it("writes a run's curves under its name, and replaces them when it has gone on", () => {
    const runDir = join(dir, 'example');
    const { evals } = runPaths(runDir);
    mkdirSync(evals, { recursive: true });
    writeRun(runDir, exampleRun());
    appendMetrics(runDir, exampleMetrics(1));
    writeEvaluation(runDir, exampleEvaluation(0));
    const out = join(dir, 'out');
    const first = exportTensorboard(runDir, out);
    appendMetrics(runDir, exampleMetrics(2));
    const second = exportTensorboard(runDir, out);
    // Of the second step everything but the loss of the proposer, which was not updated, and the two of the evaluation.
    assert.equal(second - 2, 2 * (first - 2));
    assert.deepEqual(readdirSync(join(out, 'example')), ['events.out.tfevents.1767225600.selfq']);
  });
});
