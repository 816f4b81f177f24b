import assert from 'node:assert/strict';
import { exampleMetrics, exampleRun } from '../../test/support/run-examples.ts';
import { runView } from './dashboard-model.ts';
import type { FeedEntry } from './messages.ts';
import { reportPage, type ReportFacts } from './report.ts';

const hostile = '<img src=x onerror="alert(1)">';
const question: FeedEntry = {
  ...{ step: 2, id: 'p2.0.0', title: hostile, source: 'proposer', judging: 'tests', strip: [] },
  answers: [{ mark: 'right' }, { mark: 'wrong' }],
};

function factsOf(changes: Partial<ReportFacts> = {}): ReportFacts {
  const run = { ...exampleRun(), steps: 2, step: 2 };
  const metrics = [exampleMetrics(1), exampleMetrics(2)];
  const view = runView({ dir: '/runs/a', name: `a ${hostile}`, state: 'finished', run, metrics, evaluations: [] });
  return { run: view, subject: 'coding', feed: [question], made: '2026-11-26', ...changes };
}

describe('the report of a run', () => {
  it('says whether anything was learned, and that it cannot be told without evaluations', () => {
    assert.match(
      reportPage(factsOf({ outcome: 'Better: +3.1 points.' })),
      /Did it learn\?<\/strong> Better: \+3\.1 points\./,
    );
    assert.match(reportPage(factsOf()), /There is no evaluation before and after to compare\./);
  });

  it('shows what became of a question, and draws the curves that the run has', () => {
    const page = reportPage(factsOf());
    assert.match(page, /<td>1 of 2 right<\/td>/);
    assert.match(page, /<polyline/);
    const rejected = { ...question, rejection: 'few_tests', answers: [] };
    assert.match(reportPage(factsOf({ feed: [rejected] })), /rejected: too few tests/);
  });

  it('takes what a model wrote as text, and loads nothing', () => {
    const page = reportPage(factsOf());
    assert.ok(!page.includes('<img'));
    assert.ok(page.includes('&lt;img'));
    assert.match(page, /default-src 'none'/);
    assert.doesNotMatch(page, /<script|href=|src=["']?http/);
  });
});
