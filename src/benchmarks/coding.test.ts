import assert from 'node:assert/strict';
import type { Problem } from '../protocol/problem.ts';
import { createSandbox } from '../sandbox/host/pool.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { trigramSimilarity } from '../domains/near-duplicate.ts';
import { CodingContent } from '../domains/coding/content.ts';
import { heldOutProblems, loadSolutions, type Solution } from './coding.ts';
import { shownStatements } from '../domains/coding/prompts.ts';

describe('the held-out set', function () {
  this.timeout(180_000);
  let sandbox: Sandbox;
  let problems: Problem[];
  let solutions: Solution[];

  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
    problems = (await heldOutProblems()).map(({ content }) => CodingContent.parse(content).problem);
    solutions = await loadSolutions();
  });
  after(() => sandbox.close());

  it('has 24 problems with unlike statements and a solution each', () => {
    assert.equal(problems.length, 24);
    assert.deepEqual(
      solutions.map(({ id }) => id),
      problems.map(({ id }) => id),
    );
    assert.equal(new Set(problems.map(({ id }) => id)).size, 24);
    problems.forEach((problem, i) => {
      const others = [...problems.slice(i + 1).map(({ statement }) => statement), ...shownStatements()];
      for (const other of others) {
        assert.ok(trigramSimilarity(problem.statement, other) < 0.5, `${problem.id} is too like: ${other}`);
      }
    });
  });

  it('has at least 10 tests a problem, with different inputs and a signature that takes them', () => {
    for (const problem of problems) {
      assert.ok(problem.kind === 'function');
      assert.equal(problem.entry, 'solve');
      const inputs = problem.tests.map(({ input }) => input);
      assert.ok(new Set(inputs.map((input) => JSON.stringify(input))).size >= 10, problem.id);
      assert.ok(
        inputs.every((input) => input.length === problem.parameters?.length),
        problem.id,
      );
    }
  });

  it('is solved by each reference, twice', async () => {
    for (const round of [1, 2]) {
      const results = await Promise.all(
        problems.map((problem, i) => sandbox.judge({ problem, source: solutions[i]?.reference ?? '' })),
      );
      results.forEach((result, i) => assert.equal(result.verdict, 'AC', `round ${round}: ${problems[i]?.id}`));
    }
  });

  it('rejects every plausible wrong solution', async () => {
    const pairs = problems.flatMap((problem, i) => (solutions[i]?.wrong ?? []).map((source) => ({ problem, source })));
    assert.ok(pairs.length >= 2 * problems.length);
    const results = await Promise.all(pairs.map((pair) => sandbox.judge(pair)));
    results.forEach((result, i) => {
      assert.ok(['WA', 'RE'].includes(result.verdict), `${pairs[i]?.problem.id} accepts ${pairs[i]?.source}`);
    });
  });
});
