/** Inputs on which a mutant and its reference differ, found by running both on many. */
import type { Mutant } from '../../src/domains/coding/mutants.ts';
import { limitSteps } from '../../src/domains/coding/step-limit.ts';
import type { JsonValue } from '../../src/protocol/json.ts';
import type { FunctionProblem, ProgramProblem } from '../../src/protocol/problem.ts';
import type { Execution, Sandbox } from '../../src/sandbox/sandbox.ts';
import { changedDocuments } from './input-changes.ts';
import { type Document, documentForm } from './input-documents.ts';
import { promisesOf } from './input-promises.ts';

/** An input that tells mutants from the reference. */
export interface KillingInput {
  input: Document | string;
  output: JsonValue;
  kills: Mutant[];
}

/** What a search found. `inputs`: how many inputs, on which reference and second solution agree, were compared. */
export interface SearchResult {
  inputs: number;
  killing: KillingInput[];
  equivalent: Mutant[];
}

/** Loop passes and calls that one input may take. */
const maximumSteps = 200_000;

/** Inputs that are compared. */
const wanted = 2_000;

/** Compares mutants with the reference on inputs like those of the tests; few inputs are chosen, short ones first. */
export async function searchKillingInputs(
  problem: FunctionProblem | ProgramProblem,
  { reference, second }: { reference: string; second: string },
  mutants: readonly Mutant[],
  sandbox: Sandbox,
): Promise<SearchResult> {
  const form = documentForm(problem);
  const generated = changedDocuments(form.documents, promisesOf(form.documents), wanted);
  const inputs = generated.map(form.toInput).toSorted((a, b) => JSON.stringify(a).length - JSON.stringify(b).length);
  const run = (source: string): Promise<Execution[]> =>
    sandbox.execute({
      source: onOneInput(problem, limitSteps(source, maximumSteps)),
      entry: 'onOneInput',
      inputs: inputs.map((input): Document => (typeof input === 'string' ? [input] : input)),
      limits: problem.limits,
    });
  const isSame = (a: Execution | undefined, b: Execution | undefined): boolean =>
    a?.ok === true && b?.ok === true && comparable(problem, a.value) === comparable(problem, b.value);
  const [expected, other] = [await run(reference), await run(second)];
  const valid = inputs.flatMap((input, index) => {
    const result = expected[index];
    return result?.ok && isSame(result, other[index]) ? [{ input, index, output: result.value }] : [];
  });
  const killed = new Map<number, Mutant[]>();
  const equivalent: Mutant[] = [];
  for (const mutant of mutants) {
    const actual = await run(mutant.source);
    const differing = valid.filter(({ index }) => !isSame(expected[index], actual[index]));
    for (const { index } of differing) {
      killed.set(index, [...(killed.get(index) ?? []), mutant]);
    }
    if (differing.length === 0) {
      equivalent.push(mutant);
    }
  }
  const killing = valid.flatMap(({ input, index, output }) => {
    const kills = killed.get(index);
    return kills ? [{ input, output, kills }] : [];
  });
  return { inputs: valid.length, killing: fewest(killing), equivalent };
}

/** Inputs that together kill all that any of them kills: always the one that kills most of what is left. */
function fewest(inputs: readonly KillingInput[]): KillingInput[] {
  const chosen: KillingInput[] = [];
  const left = new Set(inputs.flatMap(({ kills }) => kills));
  while (left.size > 0) {
    const count = ({ kills }: KillingInput): number => kills.filter((mutant) => left.has(mutant)).length;
    const best = inputs.reduce<KillingInput | undefined>((a, b) => (a && count(a) >= count(b) ? a : b), undefined);
    if (!best) {
      break;
    }
    chosen.push({ ...best, kills: best.kills.filter((mutant) => left.has(mutant)) });
    best.kills.forEach((mutant) => left.delete(mutant));
  }
  return chosen;
}

/** Text that is equal where the judge finds two results equal: of what a program prints, only the words count. */
function comparable(problem: FunctionProblem | ProgramProblem, value: JsonValue): string {
  return problem.kind === 'program' && typeof value === 'string'
    ? value.trim().split(/\s+/).join(' ')
    : JSON.stringify(value);
}

/** A function that loads the solution for one input, so that nothing is kept from one to the next. */
function onOneInput(problem: FunctionProblem | ProgramProblem, source: string): string {
  return problem.kind === 'function'
    ? `function onOneInput(...input$) { ${source}\nreturn ${problem.entry}(...input$); }`
    : `function onOneInput(input$) {
const lines$ = [];
{
const require = () => ({ readFileSync: () => input$ });
const console = { log: (...values) => lines$.push(values.map(String).join(' ')) };
${source}
}
return lines$.map((line) => line + '\\n').join('');
}`;
}
