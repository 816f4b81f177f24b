import assert from 'node:assert/strict';
import type { JudgeResult, Problem } from '../../protocol/problem.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type DomainTools, firstPrompt, isRejection } from '../domain.ts';
import { codingDomain } from './coding.ts';
import { codingQuestion } from './content.ts';
import { ideas, openings } from './exemplars.ts';

const options = {
  ...({ testsMode: 'executed', minDistinctTests: 3, maxTests: 10, multiplyTests: 0, topic: '' } as const),
  ...({ behaviourDuplicates: 'reject', safetyGuard: 'words' } as const),
};
const none: DomainTools = {
  sandbox: () => Promise.reject(new Error('no sandbox here')),
  base: () => Promise.reject(new Error('no base policy here')),
};
const domain = codingDomain(options, none);
const proposerPrompt = (topic: string, variant: number) =>
  codingDomain({ ...options, topic }, none).proposer.prompt(variant);

const doubled = codingQuestion(
  {
    id: 'doubled',
    statement: 'Given an array of integers nums, return the array with every element doubled.',
    kind: 'function',
    entry: 'double',
    parameters: ['nums'],
    tests: [
      { input: [[1, 2]], output: [2, 4] },
      { input: [[]], output: [] },
      { input: [[0]], output: [0] },
      { input: [[-3]], output: [-6] },
    ],
    limits: { timeMs: 1000, memoryMb: 64 },
    tags: [],
    source: 'self-play',
  },
  'function double(nums) { return nums.map((SECRET) => 2 * SECRET); }',
);

describe('coding prompts', () => {
  it('open the file for the model, up to a whole word', () => {
    for (let variant = 0; variant < 200; variant++) {
      const prefill = proposerPrompt('', variant).prefill ?? '';
      assert.match(prefill, /^```js\n\/\*\*\n \* Given [\w, ]+\w$/);
    }
    assert.equal(proposerPrompt('', 0).prefill, '```js\n/**\n * Given an array of integers nums, return');
  });

  it('differ by variant in opening and idea, and are equal for equal variants', () => {
    const prompts = Array.from({ length: openings.length * ideas.length }, (_, variant) =>
      JSON.stringify(proposerPrompt('', variant)),
    );
    assert.ok(new Set(prompts).size > 100);
    assert.equal(prompts[77], JSON.stringify(proposerPrompt('', 77)));
    assert.ok(proposerPrompt('', 2 ** 31 - 1).prefill);
  });

  it('keep to the topic', () => {
    for (let variant = 0; variant < 30; variant++) {
      const prompt = proposerPrompt('string manipulation', variant);
      assert.match(prompt.messages[0]?.content ?? '', /Its topic is string manipulation/);
      assert.match(prompt.prefill ?? '', /string|sentence/);
    }
    assert.match(proposerPrompt('knitting', 3).prefill ?? '', / \* Given$/);
  });

  it('show the solver the statement and the signature, never reference or tests', () => {
    const prompt = firstPrompt(domain, doubled);
    const text = JSON.stringify(prompt);
    assert.equal(prompt.prefill, '```js\nfunction double(nums) {');
    assert.ok(text.includes(doubled.statement));
    assert.ok(!text.includes('SECRET'));
    assert.ok(!text.includes('-6'));
  });

  it('name the arguments where a problem does not', () => {
    const { parameters, ...unnamed } = doubled.content.problem as Extract<Problem, { kind: 'function' }>;
    assert.deepEqual(parameters, ['nums']);
    assert.equal(firstPrompt(domain, codingQuestion(unnamed)).prefill, '```js\nfunction double(arg0) {');
  });

  it('ask for a whole program where the problem is one', () => {
    const problem: Problem = {
      id: 'p',
      statement: 'Print the sum.',
      kind: 'program',
      tests: [{ input: '1 2', output: '3' }],
      limits: { timeMs: 1000, memoryMb: 64 },
      tags: [],
      source: 'x',
    };
    const { prefill = '', messages } = firstPrompt(domain, codingQuestion(problem));
    assert.match(messages[0]?.content ?? '', /reads standard input/);
    // The prefill reads the input: left to itself the default model forgets to.
    assert.match(prefill, /^```js\n[^]*readFileSync\(0[^]*\n$/);
  });
});

describe('judging answers', function () {
  this.timeout(180_000);
  let sandbox: Sandbox;
  const withSandbox = (judge: Sandbox = sandbox) => codingDomain(options, { ...none, sandbox: async () => judge });
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
  });
  after(() => sandbox.close());

  it('rewards the share of tests passed, in the order of the answers', async () => {
    const prefill = firstPrompt(domain, doubled).prefill ?? '';
    const { grades } = await withSandbox().reward(doubled, [
      [
        `${prefill}\n  return nums.map((n) => n * 2);\n}`,
        `${prefill}\n  return nums.map((n) => n + 1);\n}`,
        `${prefill}\n  return nums.map((n) => n ? n * 2 : 1);\n}`,
        `${prefill}\n  return nums.map((n => `,
        '```js',
      ],
    ]);
    const judged = grades.flat();
    assert.deepEqual(
      judged.map(({ reward }) => reward),
      [1, 0.25, 0.75, 0, 0],
    );
    assert.deepEqual(
      judged.map(({ mark }) => mark),
      ['right', 'partial', 'partial', 'unparsable', 'unparsable'],
    );
    assert.equal(judged[0]?.answer, 'function double(nums) {\n  return nums.map((n) => n * 2);\n}');
  });

  it('counts every test, and masks what the sandbox failed to judge', async () => {
    const answered = async (verdicts: JudgeResult['verdict'][]) => {
      const result: JudgeResult = {
        verdict: verdicts.find((verdict) => verdict !== 'AC') ?? 'AC',
        score: verdicts.filter((verdict) => verdict === 'AC').length / verdicts.length,
        passed: 0,
        total: verdicts.length,
        tests: verdicts.map((verdict) => ({ verdict })),
        timeMs: 1,
      };
      const grade = await withSandbox({
        counters: sandbox.counters,
        judge: async () => result,
        execute: (job) => sandbox.execute(job),
        close: () => sandbox.close(),
      }).grade(doubled, '```js\nx\n```');
      return grade?.reward;
    };
    assert.equal(await answered([...Array<'AC'>(5).fill('AC'), ...Array<'WA'>(5).fill('WA'), 'AC', 'AC']), 7 / 12);
    assert.equal(await answered(['AC', 'IE']), undefined);
  });

  it('carries a proposal to a question and its own reference to full reward', async () => {
    const proposal = `\`\`\`js
/**
 * Given an array of integers nums, return the sum of odd numbers in it.
 */
function solve(nums) {
  return nums.reduce((acc, num) => acc + (num % 2 !== 0), 0);
}

console.log(solve([1, 3, 5, 7, 9]));
console.log(solve([2, 4, 6, 8, 10]));
console.log(solve([1, 3, 5, 7, 9, 11, 13, 15]));
`;
    const draft = domain.proposer.parse(proposal, 0);
    assert.ok(!isRejection(draft));
    const [question] = await withSandbox().proposer.verify([{ id: 'q1', draft }]);
    assert.ok(question && !isRejection(question));
    assert.deepEqual(
      question.content.problem.tests.map((test) => 'output' in test && test.output),
      [5, 0, 8],
    );
    const grade = await withSandbox().grade(question, question.content.reference ?? '');
    assert.deepEqual([grade?.mark, grade?.reward], ['right', 1]);
  });
});
