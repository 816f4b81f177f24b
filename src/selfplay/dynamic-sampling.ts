import type { StepContext } from './context.ts';
import { emptyRound, joinRounds, type Round } from './rollout.ts';
import { playRound } from './round.ts';

/** All rounds of a step, and the questions that the solver trains on (by id). */
export interface Rollouts extends Round {
  trainedOn: ReadonlySet<string>;
}

/**
 * One round of self-play, and with `dynamicSampling` as many more as it takes, at most, until as many questions as the
 * first round had have answers that differ in their rewards: a group without variance has no advantages. A further round
 * draws the share of a step's questions that is still missing. The step trains on as many questions as without dynamic
 * sampling: on those with variance first. Yu et al., DAPO (arXiv 2503.14476, section 3.2).
 */
export async function playRounds(context: StepContext, step: number): Promise<Rollouts> {
  const { proposerPrompts, dynamicSampling } = context.config;
  let played = await playRound(context, step, proposerPrompts, emptyRound);
  const wanted = played.asked.length;
  for (let more = 0; more < dynamicSampling; more++) {
    const missing = wanted - withVariance(played).size;
    if (missing <= 0) {
      break;
    }
    const groups = Math.ceil((proposerPrompts * missing) / wanted);
    played = joinRounds(played, await playRound(context, step, groups, played));
  }
  const varied = withVariance(played);
  const all = played.asked.map(({ id }) => id);
  const byUse = [...all.filter((id) => varied.has(id)), ...all.filter((id) => !varied.has(id))];
  return { ...played, trainedOn: new Set(byUse.slice(0, wanted)) };
}

function withVariance({ asked }: Round): Set<string> {
  const varies = asked.filter(({ answers }) => answers.flat().some(({ advantage }) => advantage !== 0));
  return new Set(varies.map(({ id }) => id));
}
