import * as z from 'zod';
import type { Problem } from '../../protocol/problem.ts';

/** The columns of Eurus-2-RL-Data (PRIME-RL) that are read. `ground_truth` is JSON in a string. */
const Row = z.object({
  data_source: z.string(),
  prompt: z.array(z.object({ role: z.string(), content: z.string() })),
  reward_model: z.object({ ground_truth: z.string() }),
});

const text = z.union([z.string(), z.array(z.string()).transform((lines) => lines.join('\n'))]);
const ProgramTests = z.object({
  inputs: z.array(text).min(1),
  outputs: z.array(text).min(1),
  /** Of problems that ask for a function; there are none of these in Codeforces. */
  fn_name: z.null().optional(),
});

/** Names of the columns, for readers that fetch only these. */
export const eurusColumns = Object.keys(Row.shape);

/** The data set asks for Python at the end of each statement; the solver here answers in JavaScript. */
const instruction = 'Write Python code to solve the problem.';

/**
 * A Codeforces row as a problem that reads standard input and writes standard output; undefined for rows of other
 * sources and for those without usable tests. `index` is the row's place in the file.
 */
export function eurusProblem(row: unknown, index: number): Problem | undefined {
  const { data: known } = Row.safeParse(row);
  if (known?.data_source !== 'codeforces') {
    return undefined;
  }
  const { data: tests } = ProgramTests.safeParse(parseJson(known.reward_model.ground_truth));
  const statement = known.prompt
    .findLast(({ role }) => role === 'user')
    ?.content.split(instruction, 1)[0]
    ?.trim();
  if (!tests || !statement || tests.inputs.length !== tests.outputs.length) {
    return undefined;
  }
  return {
    id: `eurus-2-${index}`,
    kind: 'program',
    statement,
    tests: tests.inputs.map((input, i) => ({ input, output: tests.outputs[i]! })),
    limits: { timeMs: 2000, memoryMb: 256 },
    tags: ['codeforces'],
    source: 'eurus-2',
  };
}

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
