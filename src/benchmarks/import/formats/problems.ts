import * as z from 'zod';
import { Problem } from '../../../protocol/problem.ts';
import { type Format, takeProblem } from '../format.ts';

const Row = z.looseObject({ kind: z.enum(['function', 'program', 'assertions']), tests: z.array(z.unknown()) });

/** Problems in this program's own shape (protocol/problem.ts), as `selfq judge` and the shipped benchmarks have it. */
export const problems: Format = {
  name: 'problems',
  description: "problems in this program's own shape",
  domain: 'coding',
  needs: ['statement', 'kind', 'tests', 'limits'],
  reads: ['id', 'entry', 'parameters', 'compare', 'language', 'head', 'stop', 'tags', 'source'],
  read(value) {
    const row = Row.safeParse(value).data;
    if (!row) {
      return 'missing_fields';
    }
    if (row.tests.length === 0) {
      return 'no_tests';
    }
    const { data } = Problem.safeParse(value);
    return data
      ? takeProblem(data, { python: data.kind === 'assertions' && data.language === 'python' })
      : 'invalid_question';
  },
};
