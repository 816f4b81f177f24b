import { optional } from '../../base/optional.ts';
import { type ComparedAnswer, type Preference, preferenceVersion } from '../../protocol/preferences.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import { isComparable } from '../../view/trial.ts';
import type { TrialModel, TrialSide } from '../../view/trial-model.ts';

/**
 * A choice between two answers as it is kept. `prompt`: what was asked. Undefined where there are no two whole answers to
 * choose between.
 */
export function preferenceOf(
  trial: TrialModel,
  choice: NonNullable<TrialModel['preferred']>,
  asked: { prompt: Pick<Prompt, 'messages' | 'prefill'>; model: string; time: string },
): Preference | undefined {
  const { pair, sides, left, question, temperature, blind } = trial;
  if (!pair || !sides || !isComparable(trial)) {
    return undefined;
  }
  const [leftAnswer, rightAnswer] = sides.map(comparedAnswer) as [ComparedAnswer, ComparedAnswer];
  const [base, trained] = left === 'base' ? [leftAnswer, rightAnswer] : [rightAnswer, leftAnswer];
  const right = left === 'base' ? 'trained' : 'base';
  const { messages, prefill } = asked.prompt;
  return {
    ...{ version: preferenceVersion, id: pair.id, time: asked.time, model: asked.model, step: pair.step },
    messages: [...messages],
    ...optional('prefill', prefill),
    ...(question
      ? {
          question: {
            id: question.id,
            ...optional('step', question.step),
            ...optional('benchmark', question.benchmark),
          },
        }
      : {}),
    ...{ temperature, seed: pair.seed, base, trained, left, blind },
    preferred: choice === 'tie' ? 'tie' : choice === 'left' ? left : right,
  };
}

function comparedAnswer({ text, tokens = 0, result }: TrialSide): ComparedAnswer {
  return { text, tokens, ...optional('verdict', result?.verdict) };
}
