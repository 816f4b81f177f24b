import { bootstrapMean, mean, signTest } from '../base/statistics.ts';
import { type Evaluation, rightAnswers } from '../protocol/records.ts';

/** How two evaluations of the same questions differ, and how sure that is. */
export interface Verdict {
  /** Accuracy after less accuracy before. */
  difference: number;
  /** 95 % interval of the difference: paired bootstrap over problems. */
  interval: [number, number];
  /** McNemar's exact test, two-sided; absent where problems have several answers. */
  p?: number;
  /** `unclear`: equal policies could differ as much by chance. */
  conclusion: 'better' | 'worse' | 'unclear';
  /** The true gain that an evaluation of this size would see in four of five cases, at 95 %. */
  visible: number;
}

/** Two policies that differ this seldom by chance are told apart. */
const significance = 0.05;
const bootstrapSeed = 2;
/** Standard errors on each side of a 95 % interval. */
const errorsOfInterval = 1.96;
/** Standard errors of a gain that is seen with a power of 80 % at a significance of 5 %, two-sided: 1.96 + 0.84. */
const errorsOfVisible = 2.8;

/** Compares problem by problem; undefined where the two are not of the same questions, or of none. */
export function verdictOf(before: Evaluation, after: Evaluation): Verdict | undefined {
  const changes = pairedChanges(before, after);
  if (!changes) {
    return undefined;
  }
  const difference = mean(changes);
  const interval = bootstrapMean(changes, bootstrapSeed);
  const isGreedy = before.samples === 1 && after.samples === 1;
  const p = signTest(changes.filter((change) => change > 0).length, changes.filter((change) => change < 0).length);
  const isClear = isGreedy ? p < significance : interval[0] > 0 || interval[1] < 0;
  const error = (interval[1] - interval[0]) / (2 * errorsOfInterval);
  return {
    difference,
    interval,
    ...(isGreedy ? { p } : {}),
    conclusion: isClear ? (difference > 0 ? 'better' : 'worse') : 'unclear',
    visible: errorsOfVisible * error,
  };
}

/** Change of the share of right answers, for each problem. */
function pairedChanges(before: Evaluation, after: Evaluation): number[] | undefined {
  const earlier = new Map(before.problems.map((problem) => [problem.id, rightAnswers(problem) / before.samples]));
  const isSame =
    before.questionsHash === '' || after.questionsHash === '' || before.questionsHash === after.questionsHash;
  const { problems } = after;
  if (!isSame || problems.length === 0 || problems.length !== earlier.size) {
    return undefined;
  }
  const changes = problems.flatMap((problem) => {
    const old = earlier.get(problem.id);
    return old === undefined ? [] : [rightAnswers(problem) / after.samples - old];
  });
  return changes.length === problems.length ? changes : undefined;
}

/** One sentence that answers "did it learn, and how sure is that?". */
export function verdictText({ difference, interval, p, conclusion, visible }: Verdict, total: number): string {
  const range = `95 % ${points(interval[0])} to ${points(interval[1])}`;
  const figures = `${points(difference)} points, ${range}${p === undefined ? '' : `, p = ${formatP(p)}`}`;
  switch (conclusion) {
    case 'better':
      return `It learned: ${figures}; chance alone would hardly do this.`;
    case 'worse':
      return `It got worse: ${figures}; chance alone would hardly do this.`;
    case 'unclear':
      return visible === 0
        ? `Whether it learned cannot be told: the same problems are solved as before.`
        : `Whether it learned cannot be told: ${figures}; ${total} questions would show a gain of about ${(100 * visible).toFixed(0)} points.`;
    default:
      return conclusion satisfies never;
  }
}

/** A difference of shares in points with its sign. */
function points(share: number): string {
  const rounded = (100 * share).toFixed(1);
  return share < 0 ? rounded.replace('-', '−') : `+${rounded}`;
}

function formatP(p: number): string {
  return p < 0.001 ? p.toExponential(0) : p.toFixed(3);
}
