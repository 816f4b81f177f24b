import assert from 'node:assert/strict';
import { exampleMetrics, exampleRun } from './example-records.ts';
import { runView } from './dashboard-model.ts';
import { exampleVoteMetrics } from './example-votes.ts';
import type { SeriesName } from './messages.ts';
import { answerSharesOf, shareCharts } from './series.ts';

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
    });
  });

  it('are those of labels where answers elected them, without one of tests', () => {
    assert.deepEqual(chartsOf([exampleVoteMetrics(1)]), {
      shares: ['label_accuracy', 'answer_accuracy', 'valid_share'],
      agreement: ['majority_ratio', 'form_agreement', 'labelled_rate'],
    });
  });

  it('leave out what cannot be known: a truth that nobody can compute, agreement of a single form', () => {
    const unknown = { label_accuracy: null, answer_accuracy: null, form_agreement: null };
    assert.deepEqual(chartsOf([exampleVoteMetrics(1, unknown)]), {
      shares: ['valid_share'],
      agreement: ['majority_ratio', 'labelled_rate'],
    });
    assert.deepEqual(answerSharesOf([exampleVoteMetrics(1, unknown)]), ['majority_ratio']);
  });
});
