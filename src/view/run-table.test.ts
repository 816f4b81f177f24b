import assert from 'node:assert/strict';
import { exampleRun } from './example-records.ts';
import { examplePair, exampleResult } from './example-results.ts';
import { runColumns, type RunRow } from './run-rows.ts';
import { heldOutSentence, matchingRuns, type RunFacts, runCell, runRow, sortedRuns, usualOrder } from './run-table.ts';
import { english } from './translate.ts';

function row(name: string, given: Partial<RunFacts> = {}): RunRow {
  const run = exampleRun({ createdAt: '2026-01-01T10:00:00.000Z' });
  return runRow(english, {
    ...{ dir: `/runs/${name}`, name, run, state: 'finished', evaluations: [], bytes: 0, tags: [], note: '' },
    ...given,
  });
}

/** Before and after of 100 problems. */
function results(won: number, lost: number): RunFacts['evaluations'] {
  const [before, after] = examplePair({ won, lost, both: 20, neither: 80 - won - lost });
  return [exampleResult(before), exampleResult(after, { step: 3 })];
}

describe('the table of runs', () => {
  it('shows of each run what tells it from others, its result and its size', () => {
    const learned = row('Learned', { evaluations: results(40, 2), bytes: 123_456_789, tags: ['good', 'seed 3'] });
    const cells = Object.fromEntries(runColumns.map((column) => [column, runCell(english, learned, column, 'sv')]));
    assert.equal(cells['name'], 'Learned');
    assert.equal(cells['domain'], 'Coding');
    assert.equal(cells['topic'], 'arrays');
    assert.match(cells['date'] ?? '', /^2026-01-01 \d\d:\d\d$/);
    assert.equal(cells['state'], 'finished');
    assert.match(cells['held-out'] ?? '', /^22 % → 60 % \(\+\d+\.\d … \+\d+\.\d\)$/);
    assert.equal(cells['disk'], '123 MB');
    assert.equal(cells['tags'], 'good, seed 3');
    assert.match(heldOutSentence(english, learned), /: better: \+38\.0 points, 95 %/);
  });

  it('has the first result alone where there is no second, and none before the first', () => {
    const [before] = results(10, 10);
    assert.ok(before);
    assert.equal(runCell(english, row('one', { evaluations: [before] }), 'held-out', 'sv'), '30 %');
    assert.equal(runCell(english, row('none'), 'held-out', 'sv'), '');
    assert.equal(heldOutSentence(english, row('none')), '');
  });

  it('is sorted by any column, figures from the largest on, and can be turned round', () => {
    const rows = [
      row('b10', { bytes: 5, evaluations: results(10, 9) }),
      row('b9', { bytes: 7, evaluations: results(40, 2) }),
      row('a', { bytes: 6 }),
    ];
    const names = (column: RunRow[]): string[] => column.map(({ name }) => name);
    assert.deepEqual(names(sortedRuns(rows, usualOrder('name'))), ['a', 'b9', 'b10']);
    assert.deepEqual(names(sortedRuns(rows, usualOrder('disk'))), ['b9', 'a', 'b10']);
    assert.deepEqual(names(sortedRuns(rows, { column: 'disk', descending: false })), ['b10', 'a', 'b9']);
    assert.deepEqual(names(sortedRuns(rows, usualOrder('held-out'))), ['b9', 'b10', 'a']);
    for (const column of runColumns) {
      assert.equal(sortedRuns(rows, usualOrder(column)).length, 3);
    }
  });

  it('is searched by name, topic, model, tag and note, in any case', () => {
    const rows = [row('One', { tags: ['Night'] }), row('Two', { note: 'with more steps' })];
    const found = (words: string): string[] => matchingRuns(rows, words).map(({ name }) => name);
    assert.deepEqual(found('night'), ['One']);
    assert.deepEqual(found(' MORE '), ['Two']);
    assert.deepEqual(found('arrays'), ['One', 'Two']);
    assert.deepEqual(found('nothing'), []);
  });

  it('shows control characters of strangers as text', () => {
    assert.doesNotMatch(row('x', { note: 'a\u001B[31mb' }).note, /\u001B/);
  });
});
