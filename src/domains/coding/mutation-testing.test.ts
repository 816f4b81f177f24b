import assert from 'node:assert/strict';
import { Problem } from '../../protocol/problem.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type Mutant, mutantsOf } from './mutants.ts';
import { survivingMutants } from './mutation-testing.ts';

const limits = { timeMs: 1000, memoryMb: 64 };

describe('mutation testing', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
  });
  after(() => sandbox.close());

  const reference = 'function solve(nums) { let count = 0; for (const n of nums) if (n > 0) count++; return count; }';
  const functionWith = (inputs: readonly [number[], number][]): Problem =>
    Problem.parse({
      id: 'count',
      statement: 'Count the positive numbers.',
      kind: 'function',
      entry: 'solve',
      tests: inputs.map(([nums, output]) => ({ input: [nums], output })),
      limits,
    });
  const survivorsOf = async (problem: Problem, source: string): Promise<string[]> =>
    (await survivingMutants(problem, source, mutantsOf(source), sandbox)).map(({ after }) => after);

  it('finds the mistakes that tests do not notice', async () => {
    assert.deepEqual(await survivorsOf(functionWith([[[1, -1, 2], 2]]), reference), ['(n >= 0)', '(-1)']);
    assert.deepEqual(await survivorsOf(functionWith([[[1, 0, -1, 2, 3], 3]]), reference), []);
  });

  it('lets no mutant take its neighbours along, whatever it does', async () => {
    const [right] = mutantsOf(reference);
    assert.ok(right);
    const named = (id: string, body: string): Mutant => ({ ...right, id, source: `function solve(nums) { ${body} }` });
    const mutants = [
      named('endless', 'for (;;) ;'),
      named('slow', 'const s = "a".repeat(1e6); for (let i = 0; i < 9000; i++) s.lastIndexOf("b"); return 2;'),
      named('large', 'let s = "ab"; for (let i = 0; i < 27; i++) s += s; return [...s].length;'),
      { ...right, id: 'right', source: reference },
      named('wrong', 'return 7;'),
    ];
    const problem = functionWith([
      [[1, -1, 2], 2],
      [[5, 5], 2],
    ]);
    const survivors = await survivingMutants(problem, reference, mutants, sandbox);
    assert.deepEqual(
      survivors.map(({ id }) => id),
      ['right'],
    );
  });

  it('tries whole programs on all tests', async () => {
    const program = "const n = Number(require('fs').readFileSync(0, 'utf8'));\nconsole.log(n > 2 ? 'yes' : 'no');\n";
    const problem = (inputs: readonly number[]): Problem =>
      Problem.parse({
        id: 'more-than-two',
        statement: 'Is n more than 2?',
        kind: 'program',
        tests: inputs.map((n) => ({ input: `${n}\n`, output: n > 2 ? 'yes\n' : 'no\n' })),
        limits: { ...limits, memoryMb: 256 },
      });
    assert.deepEqual(await survivorsOf(problem([1000, 2000, 1]), program), ['(n >= 2)', '3', '1']);
    assert.deepEqual(await survivorsOf(problem([1000, 2000, 1, 2, 3]), program), []);
  });

  it('refuses a reference that does not pass its own tests', async () => {
    await assert.rejects(survivingMutants(functionWith([[[1], 2]]), reference, [], sandbox), {
      name: 'BoundaryError',
      message: /reference of count does not pass/,
    });
  });
});
