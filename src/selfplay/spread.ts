import { mean } from '../base/statistics.ts';
import type { StepContext } from './context.ts';
import type { Round } from './rollout.ts';

/**
 * The round with the distance of each question to the others under the policy itself: 1 - cosine of the mean hidden states
 * of their statements. Of at most `questionEmbeddings` questions, evenly chosen; none where there are fewer than two.
 */
export async function measureSpread<Played extends Round>(context: StepContext, played: Played): Promise<Played> {
  const chosen = evenly(played.asked, context.config.questionEmbeddings);
  if (chosen.length < 2) {
    return played;
  }
  const texts = chosen.map(({ question }) => ({ text: question.statement }));
  const vectors = (await context.stage('judge', () => context.policy.embed(texts))).map(normalised);
  const distances = new Map(
    chosen.map(({ id }, index) => [
      id,
      mean(vectors.flatMap((other, k) => (k === index ? [] : [distance(vectors[index] ?? [], other)]))),
    ]),
  );
  const asked = played.asked.map((item) => {
    const hiddenDistance = distances.get(item.id);
    return hiddenDistance === undefined ? item : { ...item, hiddenDistance };
  });
  return { ...played, asked };
}

/** At most `most` of some items, spread over all of them. */
function evenly<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(items.length, most);
  return items.filter(
    (_, index) => Math.floor((index * count) / items.length) < Math.floor(((index + 1) * count) / items.length),
  );
}

function normalised(vector: readonly number[]): number[] {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? [...vector] : vector.map((value) => value / length);
}

/** 1 - cosine of two vectors of length 1, in [0, 2]; rounding does not make equal ones less than equal. */
function distance(a: readonly number[], b: readonly number[]): number {
  return Math.max(0, 1 - dot(a, b));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}
