import * as z from 'zod';
import type { Limits } from '../../../protocol/problem.ts';
import { type Format, isJavaScript, takeProblem } from '../format.ts';

/** As the data set's own tables have them, by column, or as lists of pairs. */
const Tests = z.union([
  z.object({ input: z.array(z.string()), output: z.array(z.string()) }),
  z
    .array(z.object({ input: z.string(), output: z.string() }))
    .transform((pairs) => ({ input: pairs.map(({ input }) => input), output: pairs.map(({ output }) => output) })),
]);

const whole = z.union([z.number(), z.bigint()]).transform(Number).nullish();
const Row = z.object({
  name: z.string().nullish(),
  description: z.string().trim().min(1),
  public_tests: Tests.nullish(),
  private_tests: Tests.nullish(),
  generated_tests: Tests.nullish(),
  time_limit: z.object({ seconds: whole, nanos: whole }).nullish(),
  memory_limit_bytes: whole,
  input_file: z.string().nullish(),
  output_file: z.string().nullish(),
  cf_tags: z.array(z.string()).nullish(),
  checker: z.string().nullish(),
});
type Row = z.infer<typeof Row>;

/** What statements say of problems that have more than one right output. */
const severalOutputs =
  /\b(?:print|output|return|report|find|display)\s+any\b|\bany\s+(?:of\s+them|one\s+of|valid|such|possible|correct|suitable|optimal|order)\b|\b(?:multiple|several|many|more than one)\s+(?:\w+\s+)?(?:answers?|solutions?|outputs?|ways?\s+to\s+do)\b/i;

/** CodeContests: whole programs with public, private and generated tests. */
export const codeContests: Format = {
  name: 'code-contests',
  description: 'CodeContests: whole programs that read standard input',
  domain: 'coding',
  needs: ['description', ['public_tests', 'private_tests', 'generated_tests']],
  reads: ['name', 'time_limit', 'memory_limit_bytes', 'input_file', 'output_file', 'cf_tags', 'checker'],
  read(value, index) {
    const row = Row.safeParse(value).data;
    if (!row) {
      return 'missing_fields';
    }
    if ((row.input_file ?? '') !== '' || (row.output_file ?? '') !== '') {
      return 'reads_files';
    }
    const groups = [row.public_tests, row.private_tests, row.generated_tests].filter(
      (tests) => tests !== null && tests !== undefined,
    );
    if (groups.some(({ input, output }) => input.length !== output.length)) {
      return 'unpaired_tests';
    }
    const tests = groups.flatMap(({ input, output }) => input.map((text, i) => ({ input: text, output: output[i] })));
    if (tests.length === 0) {
      return 'no_tests';
    }
    const checker = (row.checker ?? '').trim();
    if (checker === '' && severalOutputs.test(row.description)) {
      return 'several_outputs';
    }
    // A checker of this program is a function `check`; those of testlib are C++.
    if (checker !== '' && !(isJavaScript(checker) && /\bcheck\b/.test(checker))) {
      return 'foreign_checker';
    }
    return takeProblem({
      id: `code-contests-${(row.name ?? String(index)).slice(0, 150)}`,
      kind: 'program',
      statement: row.description,
      tests,
      limits: limitsOf(row),
      tags: (row.cf_tags ?? []).filter((tag) => tag !== ''),
      source: 'code-contests',
      ...(checker === '' ? {} : { compare: { checker } }),
    });
  },
};

function limitsOf({ time_limit: time, memory_limit_bytes: bytes }: Row): Limits {
  const timeMs = (time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
  const memoryMb = (bytes ?? 0) / 2 ** 20;
  return {
    timeMs: timeMs > 0 ? clamp(timeMs, 1, 60_000) : 2000,
    memoryMb: memoryMb > 0 ? clamp(memoryMb, 64, 1024) : 256,
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.ceil(value)));
}
