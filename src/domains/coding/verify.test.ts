import assert from 'node:assert/strict';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Execution, Sandbox } from '../../sandbox/sandbox.ts';
import { isRejection, type Rejection } from '../domain.ts';
import type { CodingQuestion, Draft } from './content.ts';
import { exemplars } from './exemplars.ts';
import { verifyDraft, type VerifyOptions } from './verify.ts';

const options: VerifyOptions = {
  ...{ topic: '', minDistinctTests: 3, maxTests: 4, multiplyTests: 0, limits: { timeMs: 100, memoryMb: 64 } },
  ...({ behaviourDuplicates: 'off', safetyGuard: 'words' } as const),
};

const sum: Draft = {
  statement: 'Given an array of integers nums, return the sum of the numbers in it.',
  reference: 'function solve(nums) {\n  return nums.reduce((total, value) => total + value, 0);\n}',
  inputs: [[[1, 2]], [[]], [[5]], [[1, 1, 1]], [[-4]]],
  entry: 'solve',
  parameters: ['nums'],
};

describe('verifying a draft', function () {
  this.timeout(180_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
  });
  after(() => sandbox.close());

  const verify = (changes: Partial<Draft>, topic = ''): Promise<CodingQuestion | Rejection> =>
    verifyDraft({ ...sum, ...changes }, 'q1', sandbox, { ...options, topic });

  async function reasonOf(changes: Partial<Draft>, topic?: string): Promise<string> {
    const result = await verify(changes, topic);
    return isRejection(result) ? result.reason : 'accepted';
  }

  it('computes the outputs with the reference and keeps the first tests', async () => {
    const question = await verify({});
    assert.ok(!isRejection(question));
    assert.deepEqual([question.id, question.statement], ['q1', sum.statement]);
    assert.deepEqual(question.content, {
      problem: {
        id: 'q1',
        statement: sum.statement,
        kind: 'function',
        entry: 'solve',
        parameters: ['nums'],
        tests: [
          { input: [[1, 2]], output: 3 },
          { input: [[]], output: 0 },
          { input: [[5]], output: 5 },
          { input: [[1, 1, 1]], output: 3 },
        ],
        limits: options.limits,
        tags: [],
        source: 'self-play',
      },
      reference: sum.reference,
    });
  });

  it('rejects names that a problem cannot have, as a record and not as a crash', async () => {
    const reference = sum.reference?.replace('solve', '合計') ?? '';
    assert.equal(await reasonOf({ reference, entry: '合計' }), 'malformed');
    assert.equal(await reasonOf({ parameters: ['数'] }), 'malformed');
  });

  it('leaves out inputs on which the reference fails while enough others remain', async () => {
    const question = await verify({ reference: 'function solve(nums) { return nums[0].toFixed(1); }' });
    assert.ok(!isRejection(question));
    assert.deepEqual(
      question.content.problem.tests.map((test) => 'output' in test && test.output),
      ['1.0', '5.0', '1.0', '-4.0'],
    );
  });

  it('tells a reference that fails from one whose result is no data', async () => {
    assert.equal(await reasonOf({ reference: 'function solve(nums) { return nope(nums); }' }), 'reference_fails');
    assert.equal(await reasonOf({ reference: 'function solve(nums) { for (;;); }' }), 'reference_fails');
    assert.equal(await reasonOf({ reference: 'const other = 1;' }), 'reference_fails');
    assert.equal(await reasonOf({ reference: 'function solve(nums) { return () => nums; }' }), 'output_not_data');
    assert.equal(await reasonOf({ reference: 'function solve(nums) { console.log(nums); }' }), 'output_not_data');
  });

  it('rejects chance and kept state', async () => {
    const chance = 'function solve(nums) { return Math.random() + nums.length; }';
    const state = 'let calls = 0;\nfunction solve(nums) { return nums.length + calls++; }';
    assert.equal(await reasonOf({ reference: chance }), 'not_deterministic');
    assert.equal(await reasonOf({ reference: state }), 'not_deterministic');
  });

  it('wants enough distinct tests with more than one output', async () => {
    assert.equal(await reasonOf({ inputs: [[[1]], [[1]], [[2]]] }), 'few_tests');
    assert.equal(await reasonOf({ reference: 'function solve(nums) { return 7; }' }), 'tests_all_same_output');
    // Of five tests four are kept.
    const last = { reference: 'function solve([n]) { return n > 4; }', inputs: [1, 2, 3, 4, 5].map((n) => [[n]]) };
    assert.equal(await reasonOf(last), 'tests_all_same_output');
  });

  it('checks the examples of the statement against the reference', async () => {
    const right = `${sum.statement}\nInput: nums = [1, 2]\nOutput: 3`;
    const wrong = `${sum.statement}\nsolve([1, 2]) returns 4`;
    assert.equal(await reasonOf({ statement: right }), 'accepted');
    assert.equal(await reasonOf({ statement: wrong }), 'example_contradicts_reference');
    const all = sum.inputs.slice(0, 3);
    const shown = `${sum.statement} solve([1, 2]) and solve([]) and solve([5])`;
    assert.equal(await reasonOf({ statement: shown, inputs: all }), 'tests_all_shown');
  });

  it('looks at the statement before anything is run', async () => {
    assert.equal(await reasonOf({ statement: 'Return the sum of it.' }), 'too_short');
    assert.equal(await reasonOf({ statement: `${sum.statement} `.repeat(30) }), 'statement_too_long');
    assert.equal(await reasonOf({ reference: `${sum.reference}\n${'// filler\n'.repeat(500)}` }), 'reference_too_long');
    assert.equal(
      await reasonOf({ statement: '给定一个整数数组 nums，返回数组中所有数字的总和，不含重复。请返回结果整数值。' }),
      'not_english',
    );
    assert.equal(await reasonOf({ statement: 'xyz nums qwe rty uio pas dfg hjk lzx cvb nmq' }), 'not_english');
    assert.equal(await reasonOf({ statement: `${sum.statement} The numbers count murders.` }), 'unsafe');
    assert.equal(await reasonOf({ reference: 'function solve(n) { return eval("1"); }' }), 'unsafe');
    assert.equal(await reasonOf({ statement: exemplars[0]?.statement ?? '' }), 'copied_from_prompt');
    const shown = `${sum.statement} Use return nums.reduce((total, value) => total + value, 0);`;
    assert.equal(await reasonOf({ statement: shown }), 'contains_solution');
  });

  it('holds a statement to a topic that it has words for', async () => {
    assert.equal(await reasonOf({}, 'string manipulation'), 'off_topic');
    assert.equal(await reasonOf({}, 'arrays of integers'), 'accepted');
    assert.equal(await reasonOf({}, 'gardening'), 'accepted');
  });

  it('takes written outputs at their word', async () => {
    const { reference, ...written } = sum;
    assert.ok(reference);
    const outputs = [3, 0, 5, 3, 99];
    const question = await verifyDraft({ ...written, outputs }, 'w1', sandbox, { ...options, maxTests: 10 });
    assert.ok(!isRejection(question));
    assert.equal(question.content.reference, undefined);
    assert.deepEqual(
      question.content.problem.tests.map((test) => 'output' in test && test.output),
      outputs,
    );
  });

  it('fills a question with tests of mutated inputs, its own first, all computed by the reference', async () => {
    const many = { ...options, maxTests: 10, multiplyTests: 10 };
    const question = await verifyDraft({ ...sum, inputs: [[[1, 2]], [[-5, 3, 4]]] }, 'q1', sandbox, many);
    assert.ok(!isRejection(question) && question.content.problem.kind === 'function');
    const { tests } = question.content.problem;
    assert.equal(new Set(tests.map(({ input }) => JSON.stringify(input))).size, 10);
    assert.deepEqual(tests.slice(0, 2), [{ input: [[1, 2]], output: 3 }, { input: [[-5, 3, 4]], output: 2 }]); // prettier-ignore
    for (const { input, output } of tests) {
      const [numbers] = input as [number[]];
      assert.equal(numbers.reduce((total, value) => total + value, 0), output); // prettier-ignore
    }
  });

  it('notes what the reference does, so that another one that does the same is known', async () => {
    const behaviourOf = async (reference: string): Promise<string | undefined> => {
      const probed = { ...options, behaviourDuplicates: 'count' } as const;
      const question = await verifyDraft({ ...sum, reference }, 'q1', sandbox, probed);
      assert.ok(!isRejection(question));
      return question.content.behaviour;
    };
    const loop = 'function solve(list) { let total = 0; for (const x of list) total += x; return total; }';
    const own = await behaviourOf(sum.reference ?? '');
    assert.match(own ?? '', /^[0-9a-f]{24}$/);
    assert.equal(await behaviourOf(loop), own);
    assert.notEqual(await behaviourOf(loop.replace('+= x', '+= x > 9 ? 9 : x')), own);
  });

  it('does not blame the proposal for a fault of the sandbox', async () => {
    const failing: Sandbox = {
      counters: sandbox.counters,
      judge: (job) => sandbox.judge(job),
      close: () => sandbox.close(),
      execute: async ({ inputs }) => inputs.map((): Execution => ({ ok: false, verdict: 'IE', message: 'lost' })),
    };
    const result = await verifyDraft(sum, 'q1', failing, options);
    assert.ok(isRejection(result));
    assert.equal(result.reason, 'sandbox_fault');
  });
});
