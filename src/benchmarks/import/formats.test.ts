import assert from 'node:assert/strict';
import type { Format, Taken } from './format.ts';
import { formats, namedFormat, recognise } from './formats.ts';

/** Columns of the data sets as they are published. */
const published: Readonly<Record<string, string>> = {
  'eurus-2': 'data_source prompt ability reward_model extra_info',
  'multipl-e': 'name language prompt doctests original prompt_terminology tests stop_tokens',
  humaneval: 'task_id prompt canonical_solution test entry_point',
  mbpp: 'task_id text code test_list test_setup_code challenge_test_list',
  'code-contests':
    'name description public_tests private_tests generated_tests source difficulty solutions incorrect_solutions cf_contest_id cf_index cf_points cf_rating cf_tags is_description_translated untranslated_description time_limit memory_limit_bytes input_file output_file',
  problems: 'id statement kind tests limits tags source',
  gsm8k: 'question answer',
};

function format(name: string): Format {
  const found = namedFormat(name);
  assert.ok(found);
  return found;
}

function taken(result: Taken | string): Taken {
  if (typeof result === 'string') {
    assert.fail(result);
  }
  return result;
}

describe('formats of data sets', () => {
  for (const [name, columns] of Object.entries(published)) {
    it(`recognise ${name} by its columns`, () => {
      assert.equal(recognise(columns.split(' '))?.name, name);
    });
  }

  it('recognise nothing in other columns, and have names of their own', () => {
    assert.equal(recognise(['id', 'title', 'url']), undefined);
    assert.equal(recognise([]), undefined);
    assert.equal(new Set(formats.map(({ name }) => name)).size, formats.length);
  });

  it('throw nothing for rows that are none', () => {
    for (const each of formats) {
      for (const row of [undefined, null, 1, 'x', [], {}, { prompt: 1, tests: {}, question: [] }]) {
        assert.equal(each.read(row, 0), 'missing_fields', each.name);
      }
    }
  });

  describe('HumanEval', () => {
    const row = { task_id: 'HumanEval/900', prompt: 'def twice(n):\n    """Twice n."""\n', entry_point: 'twice', test: 'def check(f):\n    assert f(2) == 4\n' }; // prettier-ignore

    it('continues the prompt and calls its check with the function', () => {
      const { row: problem, python } = taken(format('humaneval').read(row, 0));
      assert.deepEqual(problem, {
        id: 'HumanEval/900',
        kind: 'assertions',
        language: 'python',
        statement: row.prompt,
        head: row.prompt,
        stop: [],
        tests: [{ code: `${row.test}\n\ncheck(twice)` }],
        limits: { timeMs: 10_000, memoryMb: 256 },
        tags: ['humaneval'],
        source: 'humaneval',
      });
      assert.equal(python, true);
    });

    it('takes the last function of the prompt where none is named, and calls no check twice', () => {
      const { row: problem } = taken(
        format('humaneval').read({ prompt: row.prompt, test: `${row.test}\ncheck(twice)` }, 0),
      );
      assert.deepEqual('tests' in problem && problem.tests, [{ code: `${row.test}\ncheck(twice)` }]);
      assert.equal(format('humaneval').read({ prompt: '# nothing', test: row.test }, 0), 'invalid_name');
    });
  });

  it('run the setup of MBPP in front of each assertion, and show the assertions', () => {
    const row = { task_id: 7n, text: 'Halve n.', code: '', test_list: ['assert f(4) == 2', 'assert f(2) == 1'], test_setup_code: 'import math' }; // prettier-ignore
    const { row: problem } = taken(format('mbpp').read(row, 0));
    assert.ok('tests' in problem && 'statement' in problem && 'id' in problem);
    assert.equal(problem.id, 'mbpp-7');
    assert.deepEqual(problem.tests, [
      { code: 'import math\nassert f(4) == 2' },
      { code: 'import math\nassert f(2) == 1' },
    ]);
    assert.match(String(problem.statement), /^Halve n\.[\s\S]*assert f\(4\) == 2\nassert f\(2\) == 1$/);
    assert.equal(format('mbpp').read({ ...row, test_list: [] }, 0), 'no_tests');
  });

  describe('CodeContests', () => {
    const row = {
      name: '1_A. Sum',
      description: 'Print the sum.',
      public_tests: { input: ['1 2\n'], output: ['3\n'] },
      private_tests: [{ input: '2 2\n', output: '4\n' }],
      generated_tests: { input: [], output: [] },
      time_limit: { seconds: 1n, nanos: 500_000_000n },
      memory_limit_bytes: 64_000_000n,
      input_file: '',
    };
    const read = (more: object): Taken | string => format('code-contests').read({ ...row, ...more }, 0);

    it('joins public, private and generated tests, and keeps the limits', () => {
      const { row: problem } = taken(read({}));
      assert.ok('tests' in problem && 'limits' in problem);
      assert.deepEqual(problem.tests, [{ input: '1 2\n', output: '3\n' }, { input: '2 2\n', output: '4\n' }]); // prettier-ignore
      assert.deepEqual(problem.limits, { timeMs: 1500, memoryMb: 64 });
    });

    it('takes a problem with several right outputs where it has a checker in JavaScript', () => {
      const several = { description: 'If there are multiple answers, print any of them.' };
      const checker = 'function check(input, actual, expected) { return actual.trim() !== ""; }';
      assert.equal(read(several), 'several_outputs');
      assert.equal(read({ description: 'Print the items in any order.' }), 'several_outputs');
      assert.equal(read({ ...several, checker: '#include "testlib.h"\nint main() { check(); }' }), 'foreign_checker');
      const { row: problem } = taken(read({ ...several, checker }));
      assert.deepEqual('compare' in problem && problem.compare, { checker });
    });

    it('leaves out what reads files or has outputs too few', () => {
      assert.equal(read({ input_file: 'in.txt' }), 'reads_files');
      assert.equal(read({ public_tests: { input: ['1'], output: [] } }), 'unpaired_tests');
      assert.equal(read({ public_tests: null, private_tests: null }), 'no_tests');
    });
  });

  it('take problems of our own shape as they are', () => {
    const problem = { id: 'p', statement: 'Return n.', kind: 'function', entry: 'same', tests: [{ input: [1], output: 1 }], limits: { timeMs: 1000, memoryMb: 64 } }; // prettier-ignore
    assert.deepEqual(taken(format('problems').read(problem, 0)).row, { ...problem, tags: [], source: 'unknown' });
    assert.equal(format('problems').read({ ...problem, entry: 'no name' }, 0), 'invalid_question');
    assert.equal(format('problems').read({ ...problem, tests: [] }, 0), 'no_tests');
  });

  it('take of a question its number alone, and none whose equations say otherwise', () => {
    const read = (question: string, answer: string | number): Taken | string => format('gsm8k').read({ question, answer }, 0); // prettier-ignore
    assert.deepEqual(taken(read('How many?', 'He has 2+3=<<2+3=5>>5.\n#### 1,005')).row, { question: 'How many?', answer: '1,005' }); // prettier-ignore
    assert.deepEqual(taken(read('How many?', 4)).row, { question: 'How many?', answer: '4' });
    assert.equal(read('How many?', '#### none'), 'no_numeric_answer');
    assert.equal(read('Solve x + 1 = 3 for x.', '7'), 'invalid_question');
  });

  it('leave out a row of MultiPL-E whose test code does not compile', () => {
    const row = { name: 'HumanEval_1_f', language: 'js', prompt: '//f\nfunction f(){\n', tests: 'assert("a\nb")' };
    assert.equal(format('multipl-e').read(row, 0), 'tests_broken');
  });
});
