import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRun, readStep } from '../../src/run/folder.ts';
import type { StepLine } from '../../src/protocol/records.ts';
import { createWorkplace, selfq, type Workplace } from '../support/whole-program.ts';

describe('a run with labelled questions in the mix', function () {
  this.timeout(240_000);
  let place: Workplace;

  before(async () => {
    place = await createWorkplace();
    const rows = Array.from({ length: 5 }, (_, n) => ({
      question: `What is ${n + 12} times 7?`,
      answer: `${(n + 12) * 7}`,
    }));
    writeFileSync(join(place.dir, 'answers.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
    const sum = {
      ...{ id: 'sum', kind: 'function', statement: 'Return the sum of nums.', entry: 'solve' },
      ...{ tests: [{ input: [[1, 2]], output: 3 }], limits: { timeMs: 1000, memoryMb: 64 } },
    };
    writeFileSync(join(place.dir, 'problems.jsonl'), JSON.stringify(sum));
  });
  after(() => place.remove());

  /** The labelled questions of both steps of a run, and the answers to them. */
  async function mixed(
    domain: string,
    file: string,
  ): Promise<{ questions: StepLine[]; details: string[]; log: string }> {
    const dir = join(place.dir, 'runs', domain);
    const options = place.options({ steps: 2, evalEvery: 0, testQuestions: 1, labelled: file, labelledShare: 0.25 });
    const { code, stderr } = await selfq(place, ['run', '--domain', domain, '--out', dir, ...options]).finished;
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`3 questions with answers a step from ${file}`));
    assert.equal(readRun(dir).config['labelled'], join(place.dir, file));
    const lines = [1, 2].flatMap((step) => readStep(dir, step));
    const questions = lines.filter((line) => line.type === 'question' && line.labelled === true);
    const ids = questions.flatMap((line) => (line.type === 'question' ? [line.id] : []));
    const details = lines.flatMap((line) =>
      line.type === 'answer' && ids.includes(line.questionId) ? [line.detail?.kind ?? 'none'] : [],
    );
    return { questions, details, log: readFileSync(join(dir, 'engine.log'), 'utf8') };
  }

  it('of arithmetic grades them by their answers, and says how many there are', async () => {
    const { questions, details, log } = await mixed('arithmetic', 'answers.jsonl');
    // A quarter of 3 x 4 questions in each step.
    assert.equal(questions.length, 6);
    assert.ok(details.length > 0 && details.every((kind) => kind === 'value'), details.join());
    assert.match(log, /3 questions a step come from .*answers\.jsonl, which has 5, graded by their known answers/);
  });

  it('of coding grades them by their tests', async () => {
    const { questions, details } = await mixed('coding', 'problems.jsonl');
    assert.equal(questions.length, 6);
    assert.ok(details.length > 0 && details.every((kind) => kind === 'tests'), details.join());
  });

  it('is refused for a file that is not there, has other rows, or is named by its share alone', async () => {
    writeFileSync(join(place.dir, 'other.jsonl'), '{"prompt": "12 * 7", "completion": "84"}\n');
    const refuse = async (domain: string, set: string, message: RegExp, remedy: RegExp, exit = 1): Promise<void> => {
      const options = ['--out', join(place.dir, 'runs', 'refused', set), ...place.options({ steps: 1 })];
      const sets = set.split(' ').flatMap((each) => ['--set', each]);
      const { code, stderr } = await selfq(place, ['run', '--domain', domain, ...options, ...sets]).finished;
      assert.equal(code, exit, stderr);
      assert.match(stderr, message);
      assert.match(stderr, remedy);
      assert.doesNotMatch(stderr, /loading the model \d/);
    };
    await refuse(
      'arithmetic',
      'labelled=none.jsonl',
      /no file .*none\.jsonl, which the setting labelled names/,
      /labelled=FILE/,
    );
    await refuse(
      'arithmetic',
      'labelled=other.jsonl',
      /line 1: /,
      /such as \{"question": "What is 12 times 7\?", "answer": "84"\}/,
    );
    await refuse(
      'coding',
      'labelledShare=0.5',
      /labelledShare has no effect: labelled names no file/,
      /labelled=FILE/,
      2,
    );
  });
});
