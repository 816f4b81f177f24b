import assert from 'node:assert/strict';
import { CodingContent } from '../domains/coding/content.ts';
import { shownStatements } from '../domains/coding/prompts.ts';
import { trigramSimilarity } from '../domains/near-duplicate.ts';
import type { ComparedProblem } from '../protocol/problem.ts';
import { createSandbox } from '../sandbox/host/pool.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { survivingMutants } from '../domains/coding/mutation-testing.ts';
import { type CodingBenchmark, codingQuestions, codingSolutions, type Solution } from './coding.ts';
import { benchmarkMutants, type EquivalentMutant, equivalentMutants } from './coding-mutants.ts';
import { splitOf } from './split.ts';

/** Size, fewest tests of a problem, how many wrong programs, and about how many mutants in all. */
const expected: Readonly<Record<CodingBenchmark, { problems: number; tests: number; wrong: number; mutants: number }>> =
  {
    coding: { problems: 24, tests: 10, wrong: 2, mutants: 300 },
    functions: { problems: 300, tests: 12, wrong: 3, mutants: 4_000 },
    'codeforces-style': { problems: 123, tests: 12, wrong: 3, mutants: 1_800 },
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
  let equivalent: EquivalentMutant[];

  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
    equivalent = await equivalentMutants();
    for (const name of names) {
      sets.set(name, await entriesOf(name));
    }
  });
  after(() => sandbox.close());

  const entries = (name: CodingBenchmark): Entry[] => sets.get(name) ?? [];
  const verdictsOf = async (jobs: readonly { problem: ComparedProblem; source: string }[]) =>
    (await Promise.all(jobs.map((job) => sandbox.judge(job)))).map(({ verdict }) => verdict);

  for (const name of names) {
    const { problems, tests, wrong, mutants } = expected[name];

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

    it(`${name} is solved by each reference twice, and by a second solution`, async () => {
      const jobs = entries(name).flatMap(({ problem, solution }) =>
        [solution.reference, solution.reference, solution.second].map((source) => ({ problem, source })),
      );
      assert.equal(jobs.length, 3 * problems);
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

    it(`${name} kills every mutant of a reference that is not equivalent`, async () => {
      const results = await Promise.all(
        entries(name).map(async ({ problem, solution: { reference } }) => {
          const made = benchmarkMutants(reference);
          const survivors = await survivingMutants(problem, reference, made, sandbox);
          const recorded = equivalent.filter((row) => row.problem === problem.id).map(({ mutant }) => mutant);
          return { id: problem.id, made, recorded, survivors: survivors.map(({ id }) => id) };
        }),
      );
      for (const { id, recorded, survivors } of results) {
        // A recorded mutant that is killed is no equivalent one: its record has to go.
        assert.deepEqual(
          survivors.toSorted(),
          recorded.toSorted(),
          `${id}: node scripts/benchmarks/mutants.ts --search`,
        );
      }
      assert.ok(results.reduce((sum, { made }) => sum + made.length, 0) >= mutants);
    });
  }

  it('record as equivalent only mutants of their references, each once', () => {
    const made = new Map(
      names
        .flatMap((name) => entries(name))
        .map(({ problem, solution }) => [problem.id, benchmarkMutants(solution.reference).map(({ id }) => id)]),
    );
    const strangers = equivalent.filter(({ problem, mutant }) => !made.get(problem)?.includes(mutant));
    assert.deepEqual(strangers, []);
    assert.equal(new Set(equivalent.map(({ problem, mutant }) => `${problem} ${mutant}`)).size, equivalent.length);
    // Where few inputs could be compared, somebody has to say why no other tells the two apart.
    const doubtful = equivalent.filter(({ inputs, reason }) => inputs < 500 && reason === undefined);
    assert.deepEqual(doubtful, []);
  });

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
