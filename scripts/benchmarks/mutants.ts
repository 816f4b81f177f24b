/**
 * Looks at the mutants of the shipped coding references that pass their tests; the test suite fails where one of them is
 * not in data/equivalent-mutants.jsonl.
 *
 *     node scripts/benchmarks/mutants.ts [BENCHMARK…]            # figures, and the mutants that pass and are not recorded
 *     node scripts/benchmarks/mutants.ts [BENCHMARK…] --search   # compares these with the reference on many inputs
 *
 * BENCHMARK: coding, functions or codeforces-style; without one, all of them.
 * `--search` prints each input that tells a mutant from the reference as a test, for a person to read and add: it must be
 * one that the statement allows. A mutant that no input tells from the reference is recorded as equivalent, with the
 * number of inputs; what is recorded and no longer passes is removed.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type CodingBenchmark, codingQuestions, codingSolutions, type Solution } from '../../src/benchmarks/coding.ts';
import {
  benchmarkMutants,
  type EquivalentMutant,
  equivalentMutants,
  equivalentMutantsFile,
} from '../../src/benchmarks/coding-mutants.ts';
import { CodingContent } from '../../src/domains/coding/content.ts';
import type { Mutant } from '../../src/domains/coding/mutants.ts';
import { survivingMutants } from '../../src/domains/coding/mutation-testing.ts';
import type { Problem } from '../../src/protocol/problem.ts';
import { createSandbox } from '../../src/sandbox/host/pool.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { searchKillingInputs } from './killing-inputs.ts';

const names: readonly CodingBenchmark[] = ['coding', 'functions', 'codeforces-style'];
const { values: options, positionals: chosen } = parseArgs({
  options: { search: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const isSearch = options.search;
const unknown = chosen.find((name) => !names.some((known) => known === name));
if (unknown !== undefined) {
  throw new RangeError(`There is no benchmark ${unknown} with references: choose from ${names.join(', ')}.`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function write(rows: readonly EquivalentMutant[]): void {
  writeFileSync(equivalentMutantsFile(), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

function record(problem: Problem, { id, line, before, after }: Mutant, inputs: number): EquivalentMutant {
  return { problem: problem.id, mutant: id, line, before, after, inputs };
}

interface Figures {
  /** What was recorded and still passes, and what a search found no input for. */
  records: EquivalentMutant[];
  mutants: number;
  survivors: number;
  /** Survivors without a record. */
  open: number;
}

/** Tries the mutants of one problem, prints those that are open and what a search finds on them. */
async function examine(
  problem: Problem,
  { reference, second }: Solution,
  known: readonly EquivalentMutant[],
  sandbox: Sandbox,
): Promise<Figures> {
  const mutants = benchmarkMutants(reference);
  const survivors = await survivingMutants(problem, reference, mutants, sandbox);
  const recordOf = (mutant: Mutant): EquivalentMutant | undefined => known.find((row) => row.mutant === mutant.id);
  const open = survivors.filter((mutant) => !recordOf(mutant));
  open.forEach(({ line, before, after }) => print(`${problem.id}, line ${line}: ${before} => ${after}`));
  const found =
    isSearch && open.length > 0 && problem.kind !== 'assertions'
      ? await searchKillingInputs(problem, { reference, second }, open, sandbox)
      : { inputs: 0, killing: [], equivalent: [] };
  for (const { input, output, kills } of found.killing) {
    print(
      `  ${JSON.stringify({ input, output })} kills ${kills.map(({ line, after }) => `${line}: ${after}`).join('; ')}`,
    );
  }
  const records = survivors.flatMap(
    (mutant) => recordOf(mutant) ?? (found.equivalent.includes(mutant) ? [record(problem, mutant, found.inputs)] : []),
  );
  return { records, mutants: mutants.length, survivors: survivors.length, open: survivors.length - records.length };
}

const questions = await Promise.all(names.map((name) => codingQuestions(name)));
const recorded = Map.groupBy(await equivalentMutants(), ({ problem }) => problem);
let open = 0;
const sandbox = await createSandbox();
try {
  for (const [position, name] of names.entries()) {
    if (chosen.length > 0 && !chosen.includes(name)) {
      continue;
    }
    const solutions = await codingSolutions(name);
    const results: Figures[] = [];
    for (const [index, { id, content }] of (questions[position] ?? []).entries()) {
      const solution = solutions[index];
      if (solution?.id === id) {
        const { problem } = CodingContent.parse(content);
        const result = await examine(problem, solution, recorded.get(id) ?? [], sandbox);
        recorded.set(id, result.records);
        results.push(result);
      }
    }
    const sum = (pick: (result: Figures) => number): number =>
      results.reduce((total, result) => total + pick(result), 0);
    if (isSearch) {
      // Written after each benchmark, so that a search that is cut off keeps what it found.
      write(questions.flat().flatMap(({ id }) => recorded.get(id) ?? []));
    }
    const [mutants, survivors, stillOpen] = [
      sum((result) => result.mutants),
      sum((result) => result.survivors),
      sum((result) => result.open),
    ];
    open += stillOpen;
    print(`${name}: ${mutants} mutants, ${mutants - survivors} killed, ${survivors} passed, ${stillOpen} open`);
  }
} finally {
  await sandbox.close();
}
process.exitCode = open > 0 ? 1 : 0;
