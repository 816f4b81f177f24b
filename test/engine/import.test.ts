import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImportRecord } from '../../src/protocol/imports.ts';
import { Evaluation } from '../../src/protocol/records.ts';
import { createWorkplace, selfq, type Workplace } from '../support/whole-program.ts';

describe('selfq import', function () {
  this.timeout(240_000);
  let place: Workplace;

  before(async () => {
    place = await createWorkplace();
  });
  after(() => place.remove());

  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await selfq(place, args).finished;
    assert.equal(code, 0, stderr);
    return stdout;
  };

  it('makes a benchmark of a file, which is listed, evaluated and removed', async () => {
    const row = (n: number) => ({ question: `${n} and one?`, answer: `#### ${n + 1}` });
    writeFileSync(join(place.dir, 'words.jsonl'), [row(1), row(2), { question: '?', answer: 'no' }].map((each) => JSON.stringify(each)).join('\n')); // prettier-ignore
    const shown = await ok('import', 'words.jsonl', '--name', 'my-words');
    assert.match(shown, /^my-words: 2 questions of 3 rows \(gsm8k\)\.\n/);
    assert.match(shown, /1 × the answer is not a number \(rows 3\)/);
    const [listed] = ImportRecord.array().parse(JSON.parse(await ok('import', '--list', '--json')));
    assert.deepEqual([listed?.name, listed?.questions, listed?.domain], ['my-words', 2, 'algebra']);
    assert.match(await ok('eval', '--list'), /^my-words +algebra +2 questions, imported as gsm8k$/m);
    const result = await ok('eval', '--benchmark', 'my-words', '--model', place.model, '--limit', '1', '--json');
    const { benchmark, domain, total } = Evaluation.parse(JSON.parse(result));
    assert.deepEqual([benchmark, domain, total], ['my-words', 'algebra', 1]);
    assert.match(await ok('import', '--remove', 'my-words'), /^Removed my-words: 2 questions/);
    assert.equal((await selfq(place, ['eval', '--benchmark', 'my-words']).finished).code, 2);
  });

  it('evaluates a model on test code of its own', async () => {
    const row = {
      name: 'HumanEval_900_one',
      language: 'js',
      prompt: '//One.\nfunction one(){\n',
      tests: "const assert = require('node:assert');\nassert.deepEqual(one(), 1);",
      stop_tokens: ['\nfunction '],
    };
    writeFileSync(join(place.dir, 'made.jsonl'), JSON.stringify(row));
    await ok('import', 'made.jsonl');
    const result = await ok('eval', '--benchmark', 'made', '--model', place.model, '--max-tokens', '8', '--json');
    const { problems } = Evaluation.parse(JSON.parse(result));
    assert.deepEqual(problems.map(({ id }) => id), ['HumanEval_900_one']); // prettier-ignore
    assert.notEqual(problems[0]?.answers[0]?.mark, 'masked');
  });

  it('refuses what it cannot read with exit code 2, and names what is there', async () => {
    writeFileSync(join(place.dir, 'other.jsonl'), '{"id": 1, "title": "x"}');
    const cases: [string[], RegExp][] = [
      [['import'], /What is to be imported/],
      [['import', 'none.jsonl'], /none\.jsonl is not there/],
      [['import', 'other.jsonl'], /its columns are id, title/],
      [['import', 'other.jsonl', '--format', 'humanevl'], /Did you mean humaneval/],
      [['import', 'other.jsonl', '--name', 'coding'], /"coding" is a shipped benchmark/],
      [['import', 'other.jsonl', '--list'], /--list imports nothing, and other\.jsonl was given/],
      [['import', '--remove', 'nothing', '--name', 'x'], /--remove imports nothing, and --name was given/],
      [['import', '--remove', 'nothing'], /no import named "nothing"/],
    ];
    for (const [args, words] of cases) {
      const { code, stderr, stdout } = await selfq(place, args).finished;
      assert.deepEqual([code, stdout], [2, ''], stderr);
      assert.match(stderr, words);
    }
  });
});
