import * as z from 'zod';
import { type Format, takeProblem } from '../format.ts';

const Row = z.object({
  task_id: z.union([z.string().min(1), z.number(), z.bigint()]).nullish(),
  prompt: z.string().min(1),
  test: z.string().min(1),
  entry_point: z.string().nullish(),
});

/** HumanEval: the solver continues `prompt`, in Python; `test` defines `check`, which is called with the function. */
export const humanEval: Format = {
  name: 'humaneval',
  description: 'HumanEval in Python',
  domain: 'coding',
  needs: ['prompt', 'test', ['entry_point', 'canonical_solution']],
  reads: ['task_id'],
  read(value, index) {
    const row = Row.safeParse(value).data;
    if (!row) {
      return 'missing_fields';
    }
    const entry = row.entry_point ?? [...row.prompt.matchAll(/^def\s+(\w+)/gm)].at(-1)?.[1];
    if (entry === undefined || !/^[A-Za-z_]\w*$/.test(entry)) {
      return 'invalid_name';
    }
    const isCalled = /^check\(/m.test(row.test);
    const problem = {
      id: String(row.task_id ?? `humaneval-${index}`),
      kind: 'assertions',
      language: 'python',
      statement: row.prompt,
      head: row.prompt,
      tests: [{ code: isCalled ? row.test : `${row.test}\n\ncheck(${entry})` }],
      limits: { timeMs: 10_000, memoryMb: 256 },
      tags: ['humaneval'],
      source: 'humaneval',
    };
    return takeProblem(problem, { python: true });
  },
};
