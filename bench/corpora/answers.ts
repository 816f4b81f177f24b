import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { extractCode } from '../../src/sandbox/judge/extract.ts';

/** An answer of a public collection with the test code that its problem comes with. */
export interface Answer {
  id: string;
  language: 'javascript' | 'python';
  /** The answer alone. */
  source: string;
  /** What follows it: assertions that throw where the answer is wrong. Empty where `source` has them. */
  tests: string;
  /** Name of the function that the tests call, or of their parameter that stands for it. */
  entry: string | undefined;
}

/** MultiPL-E, a problem with an answer to it a line. */
const MultiPlE = z.object({ name: z.string(), language: z.literal('js'), tests: z.string(), gpt_solution: z.string() });
/** What an evaluation of MultiPL-E leaves: by problem, pairs of a number and the whole program. */
const MultiPlEDetails = z.record(z.string(), z.array(z.tuple([z.number(), z.object({ code: z.string() })])));
const HumanEval = z.object({
  task_id: z.string(),
  prompt: z.string(),
  canonical_solution: z.string(),
  test: z.string(),
  entry_point: z.string(),
});
const Mbpp = z.object({
  task_id: z.number(),
  code: z.string(),
  test_setup_code: z.string().default(''),
  test_list: z.array(z.string()),
});
/** Answers alone, to problems of another file. */
const Completion = z.object({ task_id: z.string(), completion: z.string() });

/** Reads files of the collections above, told apart by their fields. Lines of another form are counted in `unread`. */
export function readAnswers(paths: readonly string[]): { answers: Answer[]; unread: number } {
  const answers: Answer[] = [];
  const completions: [string, z.infer<typeof Completion>][] = [];
  let unread = 0;
  for (const path of paths) {
    const label = basename(path).replace(/\.jsonl?$/, '');
    for (const record of recordsOf(path)) {
      const found = answersOf(label, record);
      answers.push(...found);
      const { data } = Completion.safeParse(record);
      if (data !== undefined) {
        completions.push([label, data]);
      }
      unread += found.length === 0 && data === undefined ? 1 : 0;
    }
  }
  const problems = new Map(answers.map((answer) => [answer.id.replace(/^.*: /, '').toLowerCase(), answer]));
  for (const [label, { task_id, completion }] of completions) {
    const problem = problems.get(task_id.toLowerCase());
    if (problem === undefined) {
      unread += 1;
    } else {
      answers.push({ ...problem, id: `${label}: ${task_id} (answer)`, source: completion });
    }
  }
  return { answers, unread };
}

function recordsOf(path: string): unknown[] {
  const text = readFileSync(path, 'utf8');
  return path.endsWith('.jsonl')
    ? text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => JSON.parse(line) as unknown)
    : [JSON.parse(text)];
}

function answersOf(label: string, record: unknown): Answer[] {
  const multiple = MultiPlE.safeParse(record).data;
  if (multiple !== undefined) {
    const source = extractCode(multiple.gpt_solution)?.source ?? '';
    const { name, tests } = multiple;
    return [{ id: `${label}: ${name}`, language: 'javascript', source, tests, entry: 'candidate' }];
  }
  const human = HumanEval.safeParse(record).data;
  if (human !== undefined) {
    const { task_id, prompt, canonical_solution, entry_point } = human;
    const tests = `${human.test}\ncheck(${entry_point})\n`;
    const source = prompt + canonical_solution;
    return [{ id: `${label}: ${task_id}`, language: 'python', source, tests, entry: entry_point }];
  }
  const mbpp = Mbpp.safeParse(record).data;
  if (mbpp !== undefined) {
    const tests = [mbpp.test_setup_code, ...mbpp.test_list].join('\n');
    const entry = /assert\s+(?:[a-z_.]+\()*(\w+)\s*\(/.exec(mbpp.test_list[0] ?? '')?.[1];
    return [{ id: `${label}: Mbpp/${mbpp.task_id}`, language: 'python', source: mbpp.code, tests, entry }];
  }
  const details = MultiPlEDetails.safeParse(record).data ?? {};
  return Object.entries(details).flatMap(([name, runs]) =>
    runs.map(([number, { code }]) => ({
      id: `${label}: ${name} ${number}`,
      language: 'javascript' as const,
      source: code,
      tests: '',
      entry: 'candidate',
    })),
  );
}
