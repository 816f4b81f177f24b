import assert from 'node:assert/strict';
import { exampleMetrics, exampleRun } from './example-records.ts';
import { runView } from './dashboard-model.ts';
import { exampleVoteMetrics } from './example-votes.ts';
import type { SeriesName } from './messages.ts';
import { answerSharesOf, originsOf, qualitySeriesOf, series, shareCharts } from './series.ts';

const chartsOf = (metrics: ReturnType<typeof exampleMetrics>[]) => {
  const facts = { dir: '/r', name: 'r', state: 'finished', run: exampleRun(), evaluations: [] } as const;
  const { series } = runView({ ...facts, metrics });
  return shareCharts((name: SeriesName) => series[name].length > 0);
};

describe('the curves of a run', () => {
  it('are those of tests where answers were run', () => {
    assert.deepEqual(chartsOf([exampleMetrics(1)]), {
      shares: ['test_pass_rate', 'solved_rate', 'valid_share'],
      agreement: [],
      quality: ['sound', 'novelty_words', 'novelty_behaviour', 'difficulty', 'short_references'],
      variety: ['diversity', 'distinct_ngrams', 'hidden_spread'],
    });
  });

  it('count as proposed only what was proposed in the run, not the questions of files', () => {
    const mixed = { ...exampleMetrics(1), proposals: 12, valid: 15, rejected: { malformed: 3 } };
    assert.deepEqual(originsOf(mixed), { accepted: 9, given: 6 });
    assert.equal(series.valid_share(mixed), 0.75);
    assert.deepEqual(originsOf({ ...mixed, proposals: 0, valid: 5, rejected: {} }), { accepted: 0, given: 5 });
  });

  it('are without quality in runs of earlier versions, and without what a domain has not', () => {
    const { quality, ...older } = exampleMetrics(1);
    assert.ok(quality);
    const [old, values] = [older, { ...older, quality: { ...quality, sound: null, novelty_behaviour: null } }];
    assert.deepEqual([chartsOf([old]).quality, chartsOf([old]).variety], [[], ['diversity']]);
    assert.deepEqual(chartsOf([values]).quality, ['novelty_words', 'difficulty', 'short_references']);
    assert.deepEqual(qualitySeriesOf([old]), ['valid_share', 'diversity']);
    assert.ok(qualitySeriesOf([old, values]).includes('unsafe'));
  });

  it('are those of labels where answers elected them, without one of tests', () => {
    const { shares, agreement } = chartsOf([exampleVoteMetrics(1)]);
    assert.deepEqual(
      { shares, agreement },
      {
        shares: ['label_accuracy', 'answer_accuracy', 'valid_share'],
        agreement: ['majority_ratio', 'form_agreement', 'labelled_rate'],
      },
    );
  });

  it('leave out what cannot be known: a truth that nobody can compute, agreement of a single form', () => {
    const unknown = { label_accuracy: null, answer_accuracy: null, form_agreement: null };
    const { shares, agreement } = chartsOf([exampleVoteMetrics(1, unknown)]);
    assert.deepEqual(
      { shares, agreement },
      {
        shares: ['valid_share'],
        agreement: ['majority_ratio', 'labelled_rate'],
      },
    );
    assert.deepEqual(answerSharesOf([exampleVoteMetrics(1, unknown)]), ['majority_ratio']);
  });
});
