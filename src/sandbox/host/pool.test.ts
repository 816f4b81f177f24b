import assert from 'node:assert/strict';
import { functionProblem, honest } from '../../../test/support/problems.ts';
import { createSandbox } from './pool.ts';
import type { Sandbox } from '../sandbox.ts';

describe('sandbox pool', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
  });
  after(async () => {
    await sandbox.close();
  });

  async function verdictOf(source: string): Promise<string> {
    return (await sandbox.judge({ problem: functionProblem(), source })).verdict;
  }

  const forms: Record<string, string> = {
    'a function declaration': honest,
    'an arrow function': 'const solve = (a) => a.reduce((x, y) => x + y, 0);',
    'a function expression in a var': 'var solve = function (a) { return a.reduce((x, y) => x + y, 0); };',
    'an async function': 'async function solve(a) { await null; return a.reduce((x, y) => x + y, 0); }',
    'an async function that waits for a timer':
      'async function solve(a) { await new Promise((go) => setTimeout(go, 5000)); return a.reduce((x, y) => x + y, 0); }',
    'a CommonJS export of an object': 'module.exports = { solve(a) { return a.reduce((x, y) => x + y, 0); } };',
    'a CommonJS export of the function': 'module.exports = (a) => a.reduce((x, y) => x + y, 0);',
    'a named ES export': 'export const solve = (a) => a.reduce((x, y) => x + y, 0);',
    'a default ES export': 'export default function solve(a) { return a.reduce((x, y) => x + y, 0); }',
  };
  for (const [name, source] of Object.entries(forms)) {
    it(`accepts ${name}`, async () => {
      assert.equal(await verdictOf(source), 'AC');
    });
  }

  const verdicts: [expected: string, name: string, source: string][] = [
    ['WA', 'a wrong answer', 'function solve() { return 6; }'],
    ['WA', 'no answer', 'function solve() {}'],
    ['RE', 'an exception', "function solve() { throw new TypeError('no'); }"],
    ['RE', 'a promise that never settles', 'async function solve() { await new Promise(() => {}); }'],
    ['CE', 'a syntax error', 'function solve('],
    ['CE', 'a missing entry function', 'function other() {}'],
    ['TLE', 'an endless loop', 'function solve() { for (;;); }'],
    ['MLE', 'endless growth', 'function solve() { const a = []; for (;;) a.push(new Array(1000).fill(7)); }'],
    ['OLE', 'a huge result', "function solve() { return 'x'.repeat(3e6); }"],
    ['BAD', 'a cyclic result', 'function solve() { const a = []; a.push(a); return a; }'],
  ];
  for (const [expected, name, source] of verdicts) {
    it(`says ${expected} for ${name}, and the next honest program passes`, async () => {
      assert.equal(await verdictOf(source), expected);
      assert.equal(await verdictOf(honest), 'AC');
    });
  }

  it('says where a wrong answer first differs', async () => {
    const problem = functionProblem({ tests: [{ input: [1], output: [{ a: 1 }, { a: 2 }] }] });
    const result = await sandbox.judge({ problem, source: 'const solve = () => [{ a: 1 }, { a: 3 }];' });
    assert.deepEqual(result.tests[0], { ...result.tests[0], difference: '$[1].a', expected: '2', actual: '3' });
  });

  it('executes a reference with the same results for the same seed and others for another', async () => {
    const source = 'function f(n) { return [n, Math.random(), Date.now(), new Date().getTime()]; }';
    const run = async (seed: number) =>
      sandbox.execute({ source, entry: 'f', inputs: [[1], [2]], limits: { timeMs: 200, memoryMb: 64 }, seed });
    assert.deepEqual(await run(1), await run(1));
    assert.notDeepEqual(await run(1), await run(2));
  });
});
