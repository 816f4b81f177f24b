import assert from 'node:assert/strict';
import { comparisonModel, pairAnswers } from './comparison-model.ts';
import { examplePair, exampleResult } from './example-results.ts';
import { english } from './translate.ts';

const [first, second] = examplePair({ won: 3, lost: 2, both: 4, neither: 1 });
const [before, after] = [
  exampleResult(first),
  exampleResult(second, { step: 6, adapter: '/runs/a/checkpoints/000006' }),
];

describe('two results beside each other', () => {
  it('say of each problem what became of it', () => {
    const { rows, change, title } = comparisonModel(english, { evaluation: before }, { evaluation: after });
    const outcomes = rows.map(({ outcome }) => outcome);
    assert.deepEqual(outcomes, ['won', 'won', 'won', 'lost', 'lost', 'both', 'both', 'both', 'both', 'neither']);
    const wrong = { right: 0, of: 1, mark: 'partial', verdict: 'WA' };
    assert.deepEqual([rows[0]?.before, rows[0]?.tags], [wrong, ['easy', 'strings']]);
    assert.deepEqual([change.won, change.lost, title], [3, 2, 'functions']);
  });

  it('count right answers where there are several', () => {
    const [a, b] = examplePair({ won: 1, lost: 0, both: 1, neither: 1 }, 4);
    const { rows } = comparisonModel(english, { evaluation: exampleResult(a) }, { evaluation: exampleResult(b) });
    assert.deepEqual(rows.map((row) => [row.before.right, row.after.right, row.after.of]), [[0, 1, 4], [4, 4, 4], [0, 0, 4]]); // prettier-ignore
  });

  it('have the accuracies of those problems that both hold', () => {
    const part = { ...before, problems: before.problems.filter(({ id }) => !id.startsWith('both')), total: 6 };
    const model = comparisonModel(english, { evaluation: part }, { evaluation: after });
    assert.deepEqual([model.before.accuracy, model.after.accuracy, model.change.difference], [2 / 6, 3 / 6, 1 / 6]);
    assert.deepEqual([model.before.total, model.after.total], [6, 6]);
  });

  it('have accuracies by difficulty first, then by tag', () => {
    const { parts } = comparisonModel(english, { evaluation: before }, { evaluation: after });
    assert.deepEqual(parts.map(({ name, problems }) => [name, problems]), [['easy', 5], ['medium', 5], ['strings', 6], ['arrays', 4]]); // prettier-ignore
    // easy: won-0, lost-0, both-0, both-3, neither-0.
    assert.deepEqual([parts[0]?.before, parts[0]?.after], [3 / 5, 3 / 5]);
  });

  it('are called by their run, or by their model', () => {
    const named = comparisonModel(english, { evaluation: before }, { evaluation: after, name: 'first run' });
    assert.deepEqual([named.before.name, named.before.policy], ['tiny', 'before training']);
    assert.deepEqual([named.after.name, named.after.policy], ['first run', 'after step 6']);
  });

  it('give both answers to a problem, and nothing of an unknown one', () => {
    const answers = pairAnswers(before, after, 'won-0');
    assert.deepEqual([answers?.before[0]?.mark, answers?.after[0]?.mark], ['partial', 'right']);
    assert.equal(pairAnswers(before, after, 'nowhere'), undefined);
  });
});
