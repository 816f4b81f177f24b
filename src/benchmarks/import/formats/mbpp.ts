import * as z from 'zod';
import { type Format, takeProblem } from '../format.ts';

const lines = z.array(z.string().min(1));
const Row = z.object({
  task_id: z.union([z.string().min(1), z.number(), z.bigint()]).nullish(),
  text: z.string().nullish(),
  prompt: z.string().nullish(),
  test_list: lines.nullish(),
  test: lines.nullish(),
  test_setup_code: z.string().nullish(),
  test_imports: z.array(z.string()).nullish(),
});

/** MBPP: a sentence and assertions in Python. The assertions are shown, as the benchmark has it: they alone name the function. */
export const mbpp: Format = {
  name: 'mbpp',
  description: 'MBPP in Python',
  domain: 'coding',
  needs: [['text', 'prompt'], 'code', ['test_list', 'test']],
  reads: ['task_id', 'test_setup_code', 'test_imports'],
  read(value, index) {
    const row = Row.safeParse(value).data;
    const sentence = (row?.text ?? row?.prompt ?? '').trim();
    if (!row || sentence === '') {
      return 'missing_fields';
    }
    const assertions = row.test_list ?? row.test ?? [];
    if (assertions.length === 0) {
      return 'no_tests';
    }
    const setup = [...(row.test_imports ?? []), row.test_setup_code ?? ''].filter((part) => part.trim() !== '');
    const problem = {
      id: `mbpp-${row.task_id ?? index}`,
      kind: 'assertions',
      language: 'python',
      statement: `${sentence}\n\nThe code has to pass these tests:\n\n${assertions.join('\n')}`,
      tests: assertions.map((code) => ({ code: [...setup, code].join('\n') })),
      limits: { timeMs: 10_000, memoryMb: 256 },
      tags: ['mbpp'],
      source: 'mbpp',
    };
    return takeProblem(problem, { python: true });
  },
};
