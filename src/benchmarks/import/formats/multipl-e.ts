import * as z from 'zod';
import type { AssertionProblem } from '../../../protocol/problem.ts';
import { type Format, isJavaScript, takeProblem } from '../format.ts';

const Row = z.object({
  name: z.string().min(1),
  language: z.string(),
  prompt: z.string().min(1),
  tests: z.string().min(1),
  stop_tokens: z.array(z.string()).nullish(),
});

/** What MultiPL-E calls the languages that the sandbox runs. */
const languages: Readonly<Record<string, AssertionProblem['language']>> = {
  js: 'javascript',
  javascript: 'javascript',
  ts: 'typescript',
  typescript: 'typescript',
  py: 'python',
  python: 'python',
};

/** HumanEval and MBPP as MultiPL-E translates them: the solver continues `prompt`, `tests` asserts at its end. */
export const multiplE: Format = {
  name: 'multipl-e',
  description: 'MultiPL-E: HumanEval and MBPP in JavaScript, TypeScript or Python, with assertions',
  domain: 'coding',
  needs: ['name', 'language', 'prompt', 'tests'],
  reads: ['stop_tokens'],
  read(value) {
    const row = Row.safeParse(value).data;
    if (!row) {
      return 'missing_fields';
    }
    const language = Object.hasOwn(languages, row.language) ? languages[row.language] : undefined;
    if (language === undefined) {
      return 'other_language';
    }
    if (language === 'javascript' && !isJavaScript(row.tests)) {
      // Some translations hold a line break within quotes: no solution could pass.
      return 'tests_broken';
    }
    const python = language === 'python';
    const problem = {
      id: row.name,
      kind: 'assertions',
      language,
      statement: row.prompt,
      head: row.prompt,
      stop: (row.stop_tokens ?? []).filter((stop) => stop !== ''),
      tests: [{ code: row.tests }],
      limits: { timeMs: 10_000, memoryMb: 256 },
      tags: [(row.name.split('_')[0] ?? '').toLowerCase()],
      source: 'multipl-e',
    };
    return takeProblem(problem, { python, expectsUndefined: !python && /\bundefined\b/.test(row.tests) });
  },
};
