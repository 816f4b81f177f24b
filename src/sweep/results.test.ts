import assert from 'node:assert/strict';
import { exampleEvaluation, exampleMetrics, exampleRun } from '../../test/support/run-examples.ts';
import { resolveConfig } from '../config/resolve.ts';
import { resultsMarkdown } from './document.ts';
import { estimate, estimateText } from './estimate.ts';
import { sweepFigure } from './plot.ts';
import type { RunProgress } from './progress.ts';
import { type RunFacts, resultsOf } from './results.ts';
import { runRows, variantRows } from './tables.ts';

const steps = 4;

/** A run of a variant: `scores` before and after, `rewards` step by step, and how long each step took. */
function facts(
  variant: string,
  seed: number,
  state: RunProgress['state'],
  figures: { scores?: [number, number?]; rewards?: number[]; seconds?: number; problem?: string } = {},
): RunFacts {
  const { scores = [], rewards = [], seconds = 10, problem } = figures;
  const config = resolveConfig('quick', { steps, seed, learningRate: variant === 'control' ? 0 : 1e-4 });
  return {
    progress: {
      run: { name: `s.${variant}.s${seed}`, variant, seed, config },
      dir: '',
      state,
      ...(state === 'pending' ? {} : { record: { ...exampleRun(), step: rewards.length, steps } }),
    },
    metrics: rewards.map((reward, i) => {
      const line = exampleMetrics(i + 1);
      return { ...line, solver: { ...line.solver, reward }, label_accuracy: reward, seconds: { solve: seconds } };
    }),
    evaluations: scores.flatMap((accuracy, i) =>
      accuracy === undefined ? [] : [{ ...exampleEvaluation(i * steps), accuracy, seconds: 5 }],
    ),
    problem,
  };
}

const all = [
  facts('plain', 1, 'finished', { scores: [0.4, 0.5], rewards: [0.1, 0.3, 0.6, 0.9] }),
  facts('control', 1, 'finished', { scores: [0.4, 0.4], rewards: [0.2, 0.2, 0.2, 0.2], seconds: 20 }),
  facts('plain', 2, 'finished', { scores: [0.4, 0.7], rewards: [0.3, 0.5, 0.8, 0.5] }),
  facts('control', 2, 'failed', { scores: [0.4], rewards: [0.2], seconds: 20, problem: 'The disk | is full.' }),
  facts('plain', 3, 'running', { scores: [0.4], rewards: [0.3] }),
  facts('control', 3, 'pending'),
];
const title = { name: 's', command: 'selfq sweep s.json', base: '--domain coding' };
const results = resultsOf(title, all);

describe('the results of a sweep', () => {
  it('are means over the finished seeds, each against its own beginning', () => {
    const [plain, control] = results.variants;
    assert.deepEqual([plain?.seeds, plain?.failed, plain?.open], [[1, 2], [], [3]]);
    assert.deepEqual([control?.seeds, control?.failed, control?.open], [[1], [2], [3]]);
    const { before, after, change } = plain?.benchmarks[0] ?? assert.fail();
    assert.deepEqual([before?.mean, before?.deviation], [0.4, 0]);
    assert.ok(Math.abs((after?.mean ?? 0) - 0.6) < 1e-9);
    // 0.1 and 0.3: mean 0.2, deviation 0.1414, half width 12.706 * 0.1.
    assert.ok(Math.abs((change?.mean ?? 0) - 0.2) < 1e-9);
    assert.ok(Math.abs((change?.interval?.[1] ?? 0) - (0.2 + 12.706 * 0.1)) < 1e-9);
    // The last three steps of both seeds: 0.6 and 0.6.
    assert.ok(Math.abs((plain?.reward?.mean ?? 0) - 0.6) < 1e-9);
  });

  it('take the last evaluation of a finished run, which may be that of an earlier checkpoint, and none in between', () => {
    const evaluations = [0, 2, 3].map((step) => ({ ...exampleEvaluation(step), accuracy: step / 10 }));
    const after = (state: RunProgress['state']): number | undefined =>
      resultsOf(title, [{ ...facts('plain', 1, state), evaluations }]).rows[0]?.benchmarks[0]?.after?.accuracy;
    assert.deepEqual([after('finished'), after('stopped')], [0.3, undefined]);
  });

  it('list every run, with the failed and the unfinished ones', () => {
    assert.deepEqual(
      runRows(results).map((row) => row.slice(0, 5)),
      [
        ['variant', 'seed', 'state', 'steps', 'coding'],
        ['plain', '1', 'finished', '4/4', '40.0 % → 50.0 %'],
        ['control', '1', 'finished', '4/4', '40.0 % → 40.0 %'],
        ['plain', '2', 'finished', '4/4', '40.0 % → 70.0 %'],
        ['control', '2', 'failed: The disk | is full.', '1/4', '40.0 % → –'],
        ['plain', '3', 'running', '1/4', '40.0 % → –'],
        ['control', '3', 'pending', '0/4', '–'],
      ],
    );
    assert.equal(results.rows[0]?.seconds, 4 * 10 + 2 * 5);
  });

  it('say of each variant its settings, seeds, figures, time and command', () => {
    const [head, plain, control] = variantRows(results);
    assert.equal(head?.length, plain?.length);
    assert.deepEqual(plain, [
      ...['plain', 'learningRate=0.0001', '1, 2; not finished: 3'],
      ...['40.0 ± 0.0 %', '60.0 ± 14.1 %', '+20.0 (−107.1 to +147.1)', '60.0 ± 0.0 %', '0.60 ± 0.00', '1.00 ± 0.00'],
      ...['50 s', 'selfq sweep s.json --only plain'],
    ]);
    assert.deepEqual(control?.slice(2, 6), ['1; failed: 2; not finished: 3', '40.0 %', '40.0 %', '0.0']);
  });

  it('have no column for what no run has', () => {
    const without = all.map((one) => ({ ...one, metrics: one.metrics.map(({ label_accuracy: _, ...line }) => line) }));
    assert.ok(variantRows(results)[0]?.includes('true labels') && runRows(results)[0]?.includes('true labels'));
    const other = resultsOf(title, without);
    assert.ok(![...(variantRows(other)[0] ?? []), ...(runRows(other)[0] ?? [])].includes('true labels'));
  });

  it('keep what would be Markdown or SVG as text', () => {
    assert.match(resultsMarkdown(results, 'a b.svg'), /failed: The disk \\\| is full\.[^\n]*\|\n/);
    assert.match(resultsMarkdown(results, 'a b.svg'), /\]\(a%20b\.svg\)/);
  });
});

describe('the figure of a sweep', () => {
  const svg = sweepFigure(results);

  it('has a ground, colours for light and dark, and each variant in each part', () => {
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 760 \d+"/);
    assert.match(svg, /prefers-color-scheme:dark/);
    assert.equal(svg.match(/<circle /g)?.length, 3);
    assert.equal(svg.match(/<polyline /g)?.length, 4);
    assert.ok(svg.includes('>plain<') && svg.includes('>control<') && svg.includes('Held-out result: coding'));
  });

  it('is drawn inside of itself, with no figure that is none', () => {
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    const numbers = (pattern: RegExp): number[] => [...svg.matchAll(pattern)].map(([, value]) => Number(value));
    for (const x of [...numbers(/\scx="([-\d.]+)"/g), ...numbers(/\sx[12]?="([-\d.]+)"/g)]) {
      assert.ok(x >= 0 && x <= 760, String(x));
    }
  });

  it('can be drawn before anything is known', () => {
    const empty = sweepFigure(resultsOf(title, [facts('plain', 1, 'pending')]));
    assert.doesNotMatch(empty, /NaN|Infinity|undefined/);
    assert.match(empty, /No held-out result yet/);
  });
});

describe('the estimated time of a sweep', () => {
  it('is the time of the steps and evaluations that are left, by what was measured of each variant', () => {
    // control 2: 3 steps of 20 s and an evaluation; plain 3: 3 of 10 s and one; control 3: 4 of 20 s and two; 5 s each.
    assert.deepEqual(estimate(all, 0), { seconds: 60 + 5 + 30 + 5 + 80 + 10, steps: 14, runs: 3 });
    assert.match(estimateText(estimate(all, 0)), /^About 3 min left for 3 runs \(an estimate from 14 measured steps/);
  });

  it('takes the mean of all variants for one that was not measured, and counts evaluations that are asked for', () => {
    const two = [facts('plain', 1, 'running', { scores: [0.4], rewards: [0, 0] }), facts('control', 1, 'pending')];
    assert.equal(estimate(two, 0)?.seconds, 2 * 10 + 5 + 4 * 10 + 2 * 5);
    assert.equal(estimate(two, 1)?.seconds, 2 * 10 + 3 * 5 + 4 * 10 + 4 * 5);
  });

  it('takes a run to be evaluated as often as one that is finished', () => {
    const scores: [number, number] = [0.4, 0.5];
    const whole = facts('plain', 1, 'finished', { scores, rewards: [0, 0, 0, 0] });
    const often = { ...whole, evaluations: [...whole.evaluations, ...whole.evaluations] };
    assert.equal(estimate([often, facts('plain', 2, 'pending')], 0)?.seconds, 4 * 10 + 4 * 5);
  });

  it('is none before the first step, and said to be none', () => {
    const none = estimate([facts('plain', 1, 'pending')], 0);
    assert.equal(none, undefined);
    assert.match(estimateText(none), /^No step of this sweep has been measured yet/);
  });
});
