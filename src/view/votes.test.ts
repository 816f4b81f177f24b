import assert from 'node:assert/strict';
import { feedOf } from './dashboard-model.ts';
import { exampleRun } from './example-records.ts';
import { exampleVoteStep, type ExampleVote } from './example-votes.ts';
import { problemModel } from './problem-model.ts';
import { formTitles, voteRows } from './votes.ts';

const swapped: ExampleVote = {
  ...{ id: 'q0', statement: '12 - 7', label: '5', truth: '5' },
  forms: [
    { asks: '12 - 7', answers: ['5', '5', '6'] },
    { asks: '7 - 12', answers: ['5', '', '19'] },
  ],
};
const drawn: ExampleVote = {
  ...{ id: 'd3.0', statement: '2 + 2', label: null, truth: '4', source: 'dataset' },
  forms: [{ asks: '2 + 2', answers: ['4', '22'] }],
};
const pooled: ExampleVote = { ...drawn, id: 'q3.1', source: 'pool' };
const lines = exampleVoteStep(3, [swapped, drawn, pooled]);
const modelOf = (id: string) => {
  const facts = { dir: '/r', runName: 'Arithmetic', run: exampleRun(), step: 3, id };
  const model = problemModel(facts, lines);
  assert.ok(model);
  return model;
};

describe('a question without tests', () => {
  it('shows the vote by value and form, what agrees with the label under it, and what was not found last', () => {
    const { question } = modelOf('q0');
    const rows = voteRows(question?.answers ?? [], 2, question?.label?.value);
    assert.deepEqual(
      rows.map(({ value, byForm, votes, isLabel, correct }) => [value, byForm, votes, isLabel, correct]),
      [
        ['5', [[0, 1], [3]], 3, true, true],
        ['6', [[2], []], 1, false, false],
        ['19', [[], [5]], 1, false, false],
        ['', [[], [4]], 1, false, false],
      ],
    );
  });

  it('puts an answer under the label that says it in another form', () => {
    const { question } = modelOf('q0');
    const negative = question?.answers.map((answer) => (answer.form === 1 ? { ...answer, answer: '-5' } : answer));
    const [elected] = voteRows(negative?.filter(({ mark }) => mark === 'right') ?? [], 2, '5');
    assert.deepEqual(elected?.byForm, [[0, 1], [2]]);
    assert.equal(elected.value, '5');
  });

  it('tells its forms apart by the line in which they differ', () => {
    assert.deepEqual(formTitles(['Calculate.\n\n12 - 7\nx', 'Calculate.\n\n7 - 12\nx']), ['12 - 7', '7 - 12']);
    assert.deepEqual(formTitles(['Calculate.\n2 + 2']), ['2 + 2']);
  });

  it('is judged by its vote, or by the known value, whatever the domain is called', () => {
    assert.equal(modelOf('q0').question?.judging, 'vote');
    assert.equal(modelOf('d3.0').question?.judging, 'value');
    assert.equal(modelOf('d3.0').question?.answers[0]?.expected, '4');
    assert.equal(modelOf('q0').question?.tests, undefined);
  });

  it('has a place among the questions of its step, also without a proposal', () => {
    assert.deepEqual([modelOf('q0').place, modelOf('d3.0').place, modelOf('d3.0').count], [1, 2, 3]);
    assert.equal(modelOf('d3.0').proposal, undefined);
    assert.deepEqual([modelOf('d3.0').source, modelOf('d3.0').origin], ['dataset', 'dataset/7']);
  });

  it('is a row of the latest problems with one line of marks for each form', () => {
    const [vote, known, pool] = feedOf(3, lines);
    assert.deepEqual(vote?.strip, [['passed', 'passed', 'failed'], ['passed', 'failed', 'failed']]); // prettier-ignore
    assert.equal(vote.label?.value, '5');
    assert.deepEqual([vote.source, known?.source, pool?.source], ['proposer', 'dataset', 'pool']);
    assert.equal(known?.title, '2 + 2');
  });
});
