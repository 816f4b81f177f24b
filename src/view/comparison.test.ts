import assert from 'node:assert/strict';
import { type Change, changeOf, changeText, compareEvaluations } from './comparison.ts';
import { exampleEvaluation } from './example-records.ts';
import { examplePair, exampleResult } from './example-results.ts';
import { pairResults } from './paired-results.ts';
import { english } from './translate.ts';

function changed(counts: { won: number; lost: number; both: number; neither: number }, samples = 1): Change {
  const [before, after] = examplePair(counts, samples);
  return changeOf(pairResults(english, exampleResult(before), exampleResult(after)).pairs);
}

describe('what a result says against an earlier one', () => {
  it('counts problems that are solved now, and those that are not any more', () => {
    const [before, after] = [exampleEvaluation(0, 7), exampleEvaluation(6, 11)];
    const change = compareEvaluations(before, after);
    assert.deepEqual([change?.won, change?.lost, change?.p, change?.verdict], [4, 0, 0.125, 'unsure']);
    const back = compareEvaluations(after, before);
    assert.deepEqual([back?.won, back?.lost, back?.difference], [0, 4, -4 / 24]);
  });

  it('is nothing where the problems are not the same', () => {
    const before = exampleEvaluation(0, 7);
    assert.equal(compareEvaluations(before, { ...before, problems: before.problems.slice(1) }), undefined);
    assert.equal(compareEvaluations(before, { ...before, benchmark: 'other' }), undefined);
    assert.equal(compareEvaluations(before, { ...before, questionsHash: 'other' }), undefined);
  });

  it('is a gain or a loss where chance would hardly do this, in points with their interval', () => {
    const counts = { won: 26, lost: 6, both: 150, neither: 218 };
    // By hand: 20 of 400 = 5.0; (27 - 7) / 402 = 4.98, ± 1.96 * sqrt((34 / 402 - 0.0498²) / 402) = 2.80.
    assert.equal(changeText(english, changed(counts)), 'better: +5.0 points, 95 % +2.2 to +7.8');
    const lost = { ...counts, won: 6, lost: 26 };
    assert.equal(changeText(english, changed(lost)), 'worse: −5.0 points, 95 % −7.8 to −2.2');
  });

  it('says what would be needed where no difference can be told', () => {
    // Variance (4 + 6 + 2) / 401 with the mean of -2 / 402; (2.8016 / 0.02)² * 0.0299 = 587.
    const change = changed({ won: 4, lost: 6, both: 100, neither: 290 });
    assert.equal(change.needed, 587);
    assert.equal(
      changeText(english, change),
      'no difference can be told: −0.5, −2.2 to +1.2; 590 problems would be needed for 2 points',
    );
  });

  it('counts samples, and resamples problems, where there are several answers to each', () => {
    const change = changed({ won: 30, lost: 22, both: 20, neither: 28 }, 4);
    assert.equal(change.p, undefined);
    assert.deepEqual([change.samples, change.problems, change.difference], [4, 100, 0.02]);
    assert.match(changeText(english, change), /^no difference can be told: \+2\.0, .*; 2,\d00 samples would be needed/);
    assert.equal(changed({ won: 80, lost: 0, both: 10, neither: 10 }, 4).verdict, 'better');
  });

  it('does not ask for more problems than there were', () => {
    const change = changed({ won: 4, lost: 4, both: 1000, neither: 2000 });
    assert.equal(
      changeText(english, change),
      'no difference can be told: 0.0, −0.2 to +0.2; 2 points would probably have shown',
    );
  });

  it('shows the p of the test where it does not follow the interval', () => {
    const change = changed({ won: 8, lost: 1, both: 40, neither: 50 });
    const border: Change = { ...change, verdict: 'unsure', p: 0.0625, interval: [0.001, 0.1] };
    assert.match(changeText(english, border), /told: \+7\.1, \+0\.1 to \+10\.0 \(p = 0\.063\); /);
    assert.equal(changed({ won: 5, lost: 0, both: 40, neither: 50 }).verdict, 'unsure');
  });
});
