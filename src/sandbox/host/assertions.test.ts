import assert from 'node:assert/strict';
import { AssertionProblem, type JudgeResult } from '../../protocol/problem.ts';
import type { Language, Sandbox } from '../sandbox.ts';
import { createSandbox } from './pool.ts';

/** The style of MultiPL-E. */
const firstOrNothing = AssertionProblem.parse({
  id: 'a1',
  kind: 'assertions',
  language: 'javascript',
  statement: 'The first item, or undefined.',
  limits: { timeMs: 2000, memoryMb: 64 },
  tests: [
    {
      code: "const assert = require('node:assert');\n\n\nfunction test() {\n  let candidate = first;\n  assert.deepEqual(candidate([4, 5]),4);\n  assert.deepEqual(candidate([]),undefined);\n}\n\ntest();",
    },
  ],
});
/** The style of HumanEval and of MBPP. */
const double = AssertionProblem.parse({
  ...firstOrNothing,
  language: 'python',
  tests: [
    { code: 'def check(candidate):\n    assert candidate(2) == 4\n\ncheck(double)' },
    { code: 'assert double(5) == 10' },
  ],
});

describe('problems with test code of their own', function () {
  this.timeout(240_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 1 });
  });
  after(() => sandbox.close());

  const judge = (source: string, problem = firstOrNothing, language: Language = 'javascript'): Promise<JudgeResult> =>
    sandbox.judge({ problem, source, language });

  const verdicts: readonly [name: string, source: string, verdict: string, message?: RegExp][] = [
    ['a right answer right', 'function first(items) { return items[0]; }', 'AC'],
    ['a right answer right that declares the same names', "const assert = 'mine';\nfunction test() {}\nfunction first(items) { console.log(items); return items[0]; }", 'AC'], // prettier-ignore
    ['a wrong item wrong', 'function first(items) { return items.at(-1); }', 'WA', /^AssertionError/],
    [
      'a wrong answer wrong where undefined is expected',
      'function first(items) { return items[0] ?? 0; }',
      'WA',
      /undefined/,
    ],
    ['a function that throws a runtime error', 'function first(items) { return items[0].x.y; }', 'RE', /TypeError/],
    ['what does not compile a compile error', 'function first(items) { return', 'CE'],
    ['what ends the process first wrong', 'function first() { process.exit(0); }', 'WA', /before the assertions/],
    ['a function of another name a runtime error', 'function second() {}', 'RE', /first is not defined/],
  ];
  for (const [name, source, verdict, message] of verdicts) {
    it(`find ${name}`, async () => {
      const result = await judge(source);
      assert.equal(result.verdict, verdict, result.message);
      assert.match(result.message ?? '', message ?? /^|./);
    });
  }

  it('run TypeScript in front of JavaScript, and no other language', async () => {
    assert.equal((await judge('function first(items: number[]): unknown { return items[0]; }', firstOrNothing, 'typescript')).verdict, 'AC'); // prettier-ignore
    const other = await judge('def first(items): pass', firstOrNothing, 'python');
    assert.deepEqual([other.verdict, other.message], ['CE', 'the tests are javascript, the solution is not']);
  });

  it('judge Python by each of their tests', async () => {
    assert.equal((await judge('def double(n):\n    return 2 * n', double, 'python')).verdict, 'AC');
    const partly = await judge('def double(n):\n    return n + 2', double, 'python');
    assert.deepEqual([partly.verdict, partly.passed, partly.total], ['WA', 1, 2]);
    assert.match(partly.message ?? '', /^AssertionError/);
    assert.equal((await judge('import sys\nsys.exit(0)', double, 'python')).verdict, 'WA');
  });
});
