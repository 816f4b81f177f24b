import type { EvaluatedAnswer, Evaluation } from '../protocol/records.ts';

/** One result for tests of comparisons: problems with the marks of their answers. */

/** A problem: `1` a right answer, `0` a wrong one, `1001` four answers. */
export interface ExampleProblem {
  id: string;
  answers: string;
  tags?: string[];
  difficulty?: string;
}

/** An evaluation of these problems; what a test is about is given. */
export function exampleResult(problems: readonly ExampleProblem[], given: Partial<Evaluation> = {}): Evaluation {
  const samples = problems[0]?.answers.length ?? 1;
  const rights = problems.map(({ answers }) => Array.from(answers).filter((mark) => mark === '1').length);
  const accuracy = rights.reduce((sum, right) => sum + right, 0) / Math.max(1, samples * problems.length);
  return {
    ...{ benchmark: 'functions', questionsHash: 'cd', domain: 'coding', step: 0, model: 'tiny', modelHash: 'ab' },
    ...{ adapter: null, precision: 'exact', samples, temperature: samples === 1 ? 0 : 1, seed: 1, maxTokens: 512 },
    ...{ total: problems.length, solved: rights.filter((right) => right > 0).length, accuracy },
    ...{ interval: [Math.max(0, accuracy - 0.1), Math.min(1, accuracy + 0.1)], referenceScore: accuracy },
    ...{ meanScore: accuracy, seconds: 60, time: '2026-01-01T00:00:00.000Z' },
    problems: problems.map(({ answers, ...problem }) => ({
      ...problem,
      answers: Array.from(answers).map((mark, i) => exampleAnswer(mark === '1', `${problem.id}, ${i + 1}`)),
    })),
    ...given,
  };
}

function exampleAnswer(isRight: boolean, name: string): EvaluatedAnswer {
  const text = `function solve(values) {\n  // ${name}\n  return ${isRight ? 'values.length' : 'values.at(0)'};\n}`;
  const word = isRight ? ({ mark: 'right', verdict: 'AC' } as const) : ({ mark: 'partial', verdict: 'WA' } as const);
  return { score: isRight ? 1 : 0.5, ...word, completion: text, answer: text, tokens: 20 };
}

/**
 * Problems of one result and of a later one, by what becomes of them: so many won, lost, solved by both, by neither.
 * `samples` answers each: of a won problem the first is wrong before and right after.
 */
export function examplePair(
  counts: { won: number; lost: number; both: number; neither: number },
  samples = 1,
): [ExampleProblem[], ExampleProblem[]] {
  const kinds = { won: ['0', '1'], lost: ['1', '0'], both: ['1', '1'], neither: ['0', '0'] } as const;
  const names = ['won', 'lost', 'both', 'neither'] as const;
  const all = names.flatMap((name) => Array.from({ length: counts[name] }, (_, i) => ({ name, i })));
  const side = (which: 0 | 1): ExampleProblem[] =>
    all.map(({ name, i }) => ({
      ...{
        id: `${name}-${i}`,
        tags: [i % 2 === 0 ? 'strings' : 'arrays'],
        difficulty: i % 3 === 0 ? 'easy' : 'medium',
      },
      answers: kinds[name][which] + (name === 'both' ? '1' : '0').repeat(samples - 1),
    }));
  return [side(0), side(1)];
}
