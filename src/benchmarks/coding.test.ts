import assert from 'node:assert/strict';
import { CodingContent } from '../domains/coding/content.ts';
import { shownStatements } from '../domains/coding/prompts.ts';
import { trigramSimilarity } from '../domains/near-duplicate.ts';
import type { ComparedProblem } from '../protocol/problem.ts';
import { createSandbox } from '../sandbox/host/pool.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { type CodingBenchmark, codingQuestions, codingSolutions, type Solution } from './coding.ts';
import { splitOf } from './split.ts';

/** Size, fewest tests of a problem, whether each has a second solution, and how many wrong programs. */
const expected: Readonly<Record<CodingBenchmark, { problems: number; tests: number; second: boolean; wrong: number }>> =
  {
    coding: { problems: 24, tests: 10, second: false, wrong: 2 },
    functions: { problems: 300, tests: 12, second: true, wrong: 3 },
    'codeforces-style': { problems: 123, tests: 12, second: true, wrong: 3 },
  };

interface Entry {
  problem: ComparedProblem;
  solution: Solution;
}

async function entriesOf(name: CodingBenchmark): Promise<Entry[]> {
  const [questions, solutions] = [await codingQuestions(name), await codingSolutions(name)];
  assert.deepEqual(
    solutions.map(({ id }) => id),
    questions.map(({ id }) => id),
  );
  return questions.map(({ content }, i): Entry => {
    const solution = solutions[i];
    const { problem } = CodingContent.parse(content);
    assert.ok(solution && problem.kind !== 'assertions');
    return { problem, solution };
  });
}

describe('shipped coding benchmarks', function () {
  this.timeout(300_000);
  const names = Object.keys(expected) as CodingBenchmark[];
  const sets = new Map<CodingBenchmark, Entry[]>();
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
    for (const name of names) {
      sets.set(name, await entriesOf(name));
    }
  });
  after(() => sandbox.close());

  const entries = (name: CodingBenchmark): Entry[] => sets.get(name) ?? [];
  const verdictsOf = async (jobs: readonly { problem: ComparedProblem; source: string }[]) =>
    (await Promise.all(jobs.map((job) => sandbox.judge(job)))).map(({ verdict }) => verdict);

  for (const name of names) {
    const { problems, tests, second, wrong } = expected[name];

    it(`${name} has ${problems} problems with at least ${tests} different tests each`, () => {
      assert.equal(entries(name).length, problems);
      for (const { problem } of entries(name)) {
        const inputs = new Set(problem.tests.map(({ input }) => JSON.stringify(input)));
        assert.equal(inputs.size, problem.tests.length, problem.id);
        assert.ok(inputs.size >= tests, problem.id);
        assert.ok(new Set(problem.tests.map(({ output }) => JSON.stringify(output))).size >= 2, problem.id);
        if (problem.kind === 'function') {
          assert.ok(
            problem.tests.every(({ input }) => input.length === problem.parameters?.length),
            problem.id,
          );
        }
      }
    });

    it(`${name} is solved by each reference twice${second ? ', and by a second solution' : ''}`, async () => {
      const jobs = entries(name).flatMap(({ problem, solution }) =>
        [solution.reference, solution.reference, ...(solution.second === undefined ? [] : [solution.second])].map(
          (source) => ({ problem, source }),
        ),
      );
      assert.equal(jobs.length, (second ? 3 : 2) * problems);
      (await verdictsOf(jobs)).forEach((verdict, i) => assert.equal(verdict, 'AC', jobs[i]?.problem.id));
    });

    it(`${name} rejects every plausible wrong program`, async () => {
      const jobs = entries(name).flatMap(({ problem, solution }) =>
        solution.wrong.map((source) => ({ problem, source })),
      );
      assert.ok(jobs.length >= wrong * problems);
      (await verdictsOf(jobs)).forEach((verdict, i) =>
        assert.ok(!['AC', 'IE', 'CE'].includes(verdict), `${jobs[i]?.problem.id}: ${verdict}: ${jobs[i]?.source}`),
      );
    });
  }

  it('have no two statements alike, and none like one that a prompt shows', () => {
    const all = names.flatMap((name) => entries(name)).map(({ problem }) => problem);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    all.forEach((problem, i) => {
      for (const other of [...all.slice(i + 1).map(({ statement }) => statement), ...shownStatements()]) {
        assert.ok(trigramSimilarity(problem.statement, other) < 0.5, `${problem.id} is too like: ${other}`);
      }
    });
  });

  it('set 100 problems apart for validation', () => {
    const ids = [...entries('functions'), ...entries('codeforces-style')].map(({ problem }) => problem.id);
    assert.equal(ids.filter((id) => splitOf(id) === 'validation').length, 100);
  });
});
