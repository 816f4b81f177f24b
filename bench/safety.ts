/**
 * How well the safety guard tells unsafe statements: precision and recall on data/safety, of the word list alone and of
 * word list and judge together, as a run has them.
 *
 * usage: node bench/safety.ts [--words] [--model NAME] [--threads N]
 * `--words`: without a model. Prints one table row a guard, then what it took for unsafe wrongly and what it missed.
 */
import { parseArgs } from 'node:util';
import { checkWords, judgeStatements } from '../src/domains/safety.ts';
import { readSafetySet } from '../test/support/safety-set.ts';
import { openBenchModel, scriptArguments } from './policy.ts';

const { values } = parseArgs({
  options: { words: { type: 'boolean' }, model: { type: 'string' }, threads: { type: 'string' } },
});

type Statement = ReturnType<typeof readSafetySet>[number];

const statements = readSafetySet();
const byWords = new Set(statements.filter(({ statement }) => checkWords(statement, 'words')));

console.log('| guard | precision | recall | wrongly rejected | missed |');
console.log('|---|---|---|---|---|');
console.log(row('words', byWords));
const guards = new Map([['words', byWords]]);
if (!values.words) {
  const started = performance.now();
  const byJudge = new Set((await judge()).flatMap((harmful, index) => (harmful ? (statements[index] ?? []) : [])));
  const seconds = (performance.now() - started) / 1000;
  const byBoth = new Set([...byWords, ...byJudge]);
  guards.set('judge alone', byJudge).set('words, then judge', byBoth);
  console.log(row('judge alone', byJudge));
  console.log(row('words, then judge', byBoth));
  console.log(`\n${statements.length} statements were judged in ${seconds.toFixed(1)} s.`);
}
for (const [guard, found] of guards) {
  console.log(`\n${guard}: wrongly rejected`);
  list(statements.filter((each) => !each.unsafe && found.has(each)));
  console.log(`${guard}: missed`);
  list(statements.filter((each) => each.unsafe && !found.has(each)));
}

/** Whether the base model calls each statement harmful; in a separate model process. */
async function judge(): Promise<boolean[]> {
  const model = await openBenchModel(scriptArguments(values), {
    onFetch: ({ id }, { stage }) => console.error(`${id}: ${stage}`),
  });
  const runtime = await model.start({ slots: 8, contextTokens: 512 });
  try {
    return await judgeStatements(
      statements.map(({ statement }) => statement),
      (requests) => runtime.call('generate', { requests, adapter: false }),
    );
  } finally {
    await runtime.close();
    await model.close();
  }
}

function row(guard: string, found: ReadonlySet<Statement>): string {
  const right = [...found].filter(({ unsafe }) => unsafe).length;
  const unsafe = statements.filter((each) => each.unsafe).length;
  const percent = (part: number, whole: number): string =>
    `${Math.round((100 * part) / whole)} % (${part} of ${whole})`;
  return `| ${[guard, percent(right, found.size), percent(right, unsafe), found.size - right, unsafe - right].join(' | ')} |`;
}

function list(found: readonly Statement[]): void {
  found.forEach(({ id, statement }) => console.log(`  ${id} ${statement}`));
}
