import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveConfig } from '../config/resolve.ts';
import { exampleEvaluation } from '../view/example-records.ts';
import { createStopwatch, estimateRun, plannedEvaluations } from './estimate.ts';

describe('the estimate of a run', () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'selfq-estimate-'));
  });
  afterEach(() => rmSync(cache, { recursive: true }));

  const quick = resolveConfig('quick', { steps: 6 });

  it('is none where nothing was measured on this machine', () => {
    assert.equal(estimateRun(quick, cache), undefined);
  });

  it('is the time of loading, steps and evaluations of an equal run', () => {
    const stopwatch = createStopwatch(quick, cache);
    stopwatch.loaded(7);
    stopwatch.step({ seconds: { propose: 20, solve: 40 } });
    stopwatch.step({ seconds: { propose: 30, solve: 50 } });
    stopwatch.evaluation({ ...exampleEvaluation(0, 5), split: 'test', limit: 96, total: 96, samples: 1, seconds: 30 });
    const estimate = estimateRun(quick, cache);
    assert.ok(estimate);
    assert.deepEqual([estimate.measured, Math.round(estimate.perStep)], [2, 70]);
    // Before the first step and after the last.
    assert.equal(Math.round(estimate.seconds), 7 + 6 * 70 + 2 * 30);
    const planned = (evalEvery: number, questionsBeforehand: number) =>
      plannedEvaluations({ steps: 6, evalEvery, questionsBeforehand });
    assert.deepEqual(planned(4, 0), { tests: 2, validations: 3 });
    // After steps 0, 3 is left out, 6.
    assert.deepEqual(planned(3, 4), { tests: 2, validations: 2 });
    assert.deepEqual(planned(0, 4), { tests: 2, validations: 0 });
  });

  it('grows with the tokens of a step, and with the number of steps', () => {
    createStopwatch(quick, cache).step({ seconds: { all: 60 } });
    const more = (change: object): number => {
      const estimate = estimateRun({ ...quick, ...change }, cache);
      assert.ok(estimate);
      return Math.round(estimate.seconds);
    };
    assert.equal(more({}), 6 * 60);
    assert.equal(more({ steps: 12 }), 12 * 60);
    assert.equal(more({ proposerPrompts: 2 * quick.proposerPrompts }), 6 * 120);
  });

  it('asks no more questions of a benchmark than it was seen to have', () => {
    const stopwatch = createStopwatch(quick, cache);
    stopwatch.step({ seconds: { all: 1 } });
    stopwatch.evaluation({ ...exampleEvaluation(0, 5), split: 'test', limit: 96, total: 12, samples: 1, seconds: 24 });
    assert.equal(Math.round(estimateRun(quick, cache)?.seconds ?? 0), 6 + 2 * 24);
    // A domain of the user's is evaluated on a file.
    stopwatch.evaluation({
      ...exampleEvaluation(0, 5),
      benchmark: 'own',
      split: 'test',
      total: 6,
      samples: 1,
      seconds: 12,
    });
    const own = { ...quick, evalBenchmark: join(cache, 'own.jsonl') };
    assert.equal(Math.round(estimateRun(own, cache)?.seconds ?? 0), 6 + 2 * 12);
  });

  it('is of the same model and precision alone, and says where another domain was measured', () => {
    createStopwatch(quick, cache).step({ seconds: { all: 60 } });
    assert.equal(estimateRun({ ...quick, model: 'smollm2-135m' }, cache), undefined);
    assert.equal(estimateRun({ ...quick, samplerPrecision: 'strict' }, cache), undefined);
    const algebra = resolveConfig('quick', { domain: 'algebra' });
    assert.equal(estimateRun(algebra, cache)?.otherDomain, 'coding');
    createStopwatch(algebra, cache).step({ seconds: { all: 5 } });
    assert.equal(estimateRun(algebra, cache)?.otherDomain, undefined);
    assert.equal(Math.round(estimateRun(quick, cache)?.perStep ?? 0), 60);
  });

  it('follows a machine that has become slower', () => {
    const stopwatch = createStopwatch(quick, cache);
    for (let step = 0; step < 100; step++) {
      stopwatch.step({ seconds: { all: step < 20 ? 10 : 100 } });
    }
    assert.ok((estimateRun(quick, cache)?.perStep ?? 0) > 95);
  });

  it('is none where the figures cannot be read, which are measured again', () => {
    writeFileSync(join(cache, 'timings.json'), '[{');
    assert.equal(estimateRun(quick, cache), undefined);
    createStopwatch(quick, cache).step({ seconds: { all: 60 } });
    assert.equal(estimateRun(quick, cache)?.measured, 1);
  });
});
