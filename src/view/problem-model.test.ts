import assert from 'node:assert/strict';
import { feedOf } from './dashboard-model.ts';
import { exampleRun, exampleStep } from './example-records.ts';
import { mainVerdict, outcomeOf } from './problem-index.ts';
import { narrowTitle, problemModel, titleOf } from './problem-model.ts';

const lines = exampleStep(4, [
  { id: 'q0', statement: 'Return the sum. Then stop.', answers: ['AC AC', 'WA AC'] },
  { id: 'q1', statement: 'Nothing.', answers: [], rejection: 'malformed' },
]);
const facts = { dir: '/r', runName: 'Run', run: exampleRun({ config: { testsMode: 'executed' } }), step: 4 };

describe('the problem inspector', () => {
  it('shows statement, tests and every answer with its verdicts', () => {
    const model = problemModel({ ...facts, id: 'q0' }, lines);
    assert.equal(model?.title, 'Return the sum');
    assert.deepEqual([model.place, model.count], [1, 2]);
    assert.deepEqual(model.question?.tests?.rows[1], { input: '[1,2]', expected: '1' });
    assert.deepEqual(model.question.answers.map(({ verdict }) => verdict), ['AC', 'WA']); // prettier-ignore
    assert.deepEqual(model.question.answers[1]?.tests?.[0], { verdict: 'WA', timeMs: 0.1, actual: '1', expected: '0', at: '$' }); // prettier-ignore
  });

  it("shows the proposer's full text, the prefill included", () => {
    const model = problemModel({ ...facts, id: 'q0' }, lines);
    assert.match(model?.proposal?.text ?? '', /^\/\*\*\n \* Return the sum\./);
    assert.equal(model?.proposal?.meanLogprob, -1);
  });

  it('shows why a proposal was rejected, and no tests', () => {
    const model = problemModel({ ...facts, id: 'q1' }, lines);
    assert.deepEqual(model?.rejection, { reason: 'malformed', detail: 'because malformed' });
    assert.equal(model.question, undefined);
  });

  it("says why an answer is masked, in a domain of the user's own", () => {
    const noted = lines.map((line) =>
      line.type === 'answer' && line.questionId === 'q0'
        ? { ...line, mark: 'masked' as const, detail: { kind: 'note' as const, text: 'It failed in value.' } }
        : line,
    );
    const model = problemModel({ ...facts, id: 'q0' }, noted);
    assert.equal(model?.question?.answers[0]?.message, 'It failed in value.');
  });

  it('is empty-handed for an id that the step does not have', () => {
    assert.equal(problemModel({ ...facts, id: 'q9' }, lines), undefined);
  });
});

describe('titles', () => {
  it('are the first sentence without comment marks', () => {
    assert.equal(titleOf('/**\n * Given an array, find its peak.\n * @param a\n */'), 'Given an array, find its peak');
    assert.equal(titleOf('```js\nfunction f() {}'), 'function f() {}');
    assert.equal(titleOf(' \n'), '(empty)');
    assert.equal(titleOf('x'.repeat(300)).length, 110);
  });

  it('begin in a narrow place with what tells one problem from another', () => {
    const cases = [
      ['Given a string s and an integer k, return the longest substring of s', 'Return the longest substring of s'],
      ['Given an array of integers, write a function to find the peak', 'Find the peak'],
      ['Write a function that takes a string and returns its vowels', 'Returns its vowels'],
      ['Write a JavaScript function named `solve` that reverses a list', 'Reverses a list'],
      ['You are given a list of words; group the anagrams', 'Group the anagrams'],
      ['Return the sum', 'Return the sum'],
      ['12 * 7', '12 * 7'],
      ['Given a string', 'Given a string'],
    ] as const;
    assert.deepEqual(cases.map(([title]) => narrowTitle(title)), cases.map(([, narrow]) => narrow)); // prettier-ignore
  });
});

describe('groups of problems', () => {
  const entry = (...answers: string[]) => feedOf(1, exampleStep(1, [{ id: 'q', statement: 's', answers }]))[0]!;

  it('tell by how many answers a question was solved', () => {
    assert.equal(outcomeOf(entry('AC', 'AC')), 'all');
    assert.equal(outcomeOf(entry('AC', 'WA')), 'some');
    assert.equal(outcomeOf(entry('WA', 'RE')), 'none');
    assert.equal(outcomeOf(entry('IE')), 'unjudged');
    assert.equal(outcomeOf(entry('IE', 'AC')), 'all');
  });

  it('tell the verdict that most answers got', () => {
    assert.equal(mainVerdict(entry('WA', 'AC', 'WA')), 'WA');
    assert.equal(mainVerdict(entry('TLE')), 'TLE');
  });
});
