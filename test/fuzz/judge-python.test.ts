import assert from 'node:assert/strict';
import { parseJson } from '../../src/protocol/json.ts';
import type { FunctionProblem } from '../../src/protocol/problem.ts';
import { createSandbox, type SandboxPool } from '../../src/sandbox/host/pool.ts';
import { fuzzCases, fuzzSeconds } from '../support/fuzz.ts';
import { functionProblem } from '../support/problems.ts';
import { PythonReference, underPython, whyNoPython } from '../support/under-python.ts';
import type { FuzzProgram } from './programs.ts';
import { pythonEnding, pythonReading, pythonStatements } from './python-programs.ts';
import { pythonValues, solveSource, valueReference } from './python-values.ts';

const missing = whyNoPython();

const suite = missing === undefined ? describe : describe.skip;

suite(`generated programs in Python${missing === undefined ? '' : ` (skipped: ${missing})`}`, function () {
  this.timeout((fuzzSeconds + 300) * 1000);
  let sandbox: SandboxPool;
  let python: PythonReference;
  before(async () => {
    sandbox = await createSandbox({ workers: 1, canaries: 'none' });
    python = new PythonReference();
  });
  after(async () => {
    python.close();
    await sandbox.close();
  });

  async function compare(name: string, seed: number, { source, stdin }: FuzzProgram): Promise<void> {
    const limits = { timeMs: 10_000, memoryMb: 128 };
    const [ours, theirs] = await Promise.all([
      sandbox.run({ source, stdin, language: 'python', limits }),
      python.run(source, stdin),
    ]);
    const where = `${name}, FUZZ_CASE=${seed}: ${ours.verdict} ${ours.message}`;
    // Statement by statement, so that the message names the one that differs.
    const [left, right] = [ours.stdout.split(/^#/m), theirs.stdout.split(/^#/m)];
    for (const [index, part] of right.entries()) {
      if (left[index] !== part) {
        const mark = `print('#${part.split('\n')[0] ?? ''}')\n`;
        const from = source.indexOf(mark);
        const shown = from < 0 ? source.slice(-1000) : source.slice(from, source.indexOf("\nprint('#", from));
        assert.equal(left[index], part, `${where}\n${shown}\n${JSON.stringify(stdin)}\n${theirs.stderr}`);
      }
    }
    // Where nothing went wrong, standard error may have warnings of the compiler, which the judge does not tell. Versions
    // of Python word the message of an exception differently.
    const ends = ({ stderr, exitCode }: { stderr: string; exitCode?: number | null }): unknown[] => [
      exitCode,
      exitCode === 0 ? '' : stderr.trimEnd().split('\n').at(-1)?.split(':')[0],
    ];
    assert.deepEqual(ends(ours), ends(theirs), `${where}\n${source.slice(-1000)}\n${theirs.stderr}`);
  }

  const kinds: [name: string, make: (seed: number) => FuzzProgram][] = [
    ['statements', (seed) => pythonStatements(seed, 150)],
    ['ways to read', pythonReading],
    ['ends of programs', pythonEnding],
  ];
  for (const [name, make] of kinds) {
    it(`print and end as under CPython: ${name}`, async () => {
      for (const seed of fuzzCases(fuzzSeconds / 4)) {
        await compare(name, seed, make(seed));
      }
    });
  }

  it('get the verdicts that CPython gives their results', async () => {
    for (const seed of fuzzCases(fuzzSeconds / 4)) {
      const cases = pythonValues(seed, 100);
      const { stdout, stderr } = await python.run(valueReference(cases));
      assert.equal(stderr, '', `FUZZ_CASE=${seed}`);
      const [verdicts, descriptions] = JSON.parse(stdout) as [string[], string[]];
      const tests = [
        ...cases.pairs.map(({ json }, index) => ({ input: ['value', index], output: parseJson(json) })),
        ...cases.inputs.map((json, index) => ({ input: ['input', parseJson(json)], output: descriptions[index] })),
      ] as FunctionProblem['tests'];
      const limits = { timeMs: 10_000, memoryMb: 128 };
      const source = cases.source + solveSource;
      const result = await sandbox.judge({ problem: functionProblem({ limits, tests }), source, language: 'python' });
      for (const [index, test] of result.tests.entries()) {
        const shown = cases.pairs[index] ?? cases.inputs[index - verdicts.length];
        const where = `FUZZ_CASE=${seed}: ${JSON.stringify(shown)} ${JSON.stringify(test)}`;
        assert.equal(test.verdict, verdicts[index] ?? 'AC', where);
      }
    }
  });

  it('are run by the reference as CPython runs a file', async () => {
    for (const [name, make] of kinds) {
      for (const seed of [1, 2]) {
        const { source, stdin } = make(seed);
        const [forked, started] = [await python.run(source, stdin), underPython(source, stdin)];
        assert.deepEqual(withoutTraces(forked), withoutTraces(started), name);
      }
    }
  });
});

/** Rows of a traceback name the caller, who differs. */
function withoutTraces<Run extends { stderr: string }>(run: Run): Run {
  return { ...run, stderr: run.stderr.trimEnd().split('\n').at(-1) };
}
