import { bootstrapInterval, mean, passAtK, sum, wilsonInterval } from '../base/statistics.ts';
import { type EvaluatedProblem, type Evaluation, referenceScoreOf, rightAnswers } from '../protocol/records.ts';

/** What is computed from the answers alone. */
export type Figures = Pick<
  Evaluation,
  'total' | 'solved' | 'accuracy' | 'interval' | 'passAt' | 'referenceScore' | 'meanScore'
>;

/** Seed of the resampling: the same answers always have the same interval. */
const bootstrapSeed = 1;

/** The figures of answered problems; `samples` answers each, at this temperature. Of no problems they are 0. */
export function figuresOf(
  problems: readonly EvaluatedProblem[],
  { samples, temperature }: Pick<Evaluation, 'samples' | 'temperature'>,
): Figures {
  const rights = problems.map(rightAnswers);
  const answers = problems.flatMap((problem) => problem.answers);
  const shares = rights.map((right) => right / samples);
  return {
    total: problems.length,
    solved: rights.filter((right) => right > 0).length,
    accuracy: mean(shares),
    interval: samples === 1 ? wilsonInterval(sum(rights), rights.length) : bootstrapInterval(shares, bootstrapSeed),
    ...(temperature === 0 ? {} : { passAt: passAtOf(rights, samples) }),
    referenceScore: mean(answers.map(referenceScoreOf)),
    meanScore: mean(answers.map(({ score }) => score)),
  };
}

/** pass@k for k = 1, 2, 4, …, up to the number of samples. */
function passAtOf(rights: readonly number[], samples: number): Record<string, number> {
  const figures: Record<string, number> = {};
  for (let k = 1; k <= samples; k *= 2) {
    figures[k] = mean(rights.map((right) => passAtK(samples, right, k)));
  }
  return figures;
}

/** Figures of the problems that share a tag or a difficulty. */
export interface PartFigures {
  name: string;
  total: number;
  solved: number;
  accuracy: number;
}

/** Accuracy by difficulty (easiest first) and by tag (most frequent first); empty where none are known. */
export function figuresByPart(problems: readonly EvaluatedProblem[]): {
  difficulties: PartFigures[];
  tags: PartFigures[];
} {
  const byDifficulty = Map.groupBy(
    problems.filter(({ difficulty }) => difficulty !== undefined),
    ({ difficulty = '' }) => difficulty,
  );
  const tags = [...new Set(problems.flatMap((problem) => problem.tags ?? []))].filter((tag) => !byDifficulty.has(tag));
  return {
    difficulties: [...byDifficulty].map(([name, part]) => partFigures(name, part)).sort(byDifficultyName),
    tags: tags
      .map((tag) =>
        partFigures(
          tag,
          problems.filter((problem) => problem.tags?.includes(tag)),
        ),
      )
      .sort((a, b) => b.total - a.total),
  };
}

function byDifficultyName(a: PartFigures, b: PartFigures): number {
  return difficulties.findIndex((name) => name === a.name) - difficulties.findIndex((name) => name === b.name);
}

/** Tags that say how hard a problem is, easiest first. */
export const difficulties = ['easy', 'medium', 'hard'] as const;

function partFigures(name: string, problems: readonly EvaluatedProblem[]): PartFigures {
  const rights = problems.map(rightAnswers);
  return {
    name,
    total: problems.length,
    solved: rights.filter((right) => right > 0).length,
    accuracy: mean(problems.map(({ answers }, index) => (rights[index] ?? 0) / Math.max(1, answers.length))),
  };
}
