import type { StepContext } from './context.ts';
import { joinRounds, noRound, playRound, type Round } from './round.ts';

/** All rounds of a step, and which questions it learns from (by id). */
export interface Played extends Round {
  learnt: ReadonlySet<string>;
}

/**
 * One round of self-play, and with `dynamicSampling` as many more as it takes, at most, until as many groups of answers
 * as the first round had questions differ in their rewards: a group without variance has no advantages. A further round
 * has that share of the proposer prompts which is missing of the groups. The step learns from as many groups as without
 * dynamic sampling: from those with variance first. Yu et al., DAPO (arXiv 2503.14476, section 3.2).
 */
export async function playRounds(context: StepContext, step: number): Promise<Played> {
  const { proposerPrompts, dynamicSampling } = context.config;
  let played = await playRound(context, step, proposerPrompts, noRound);
  const wanted = played.judged.length;
  for (let more = 0; more < dynamicSampling; more++) {
    const missing = wanted - withVariance(played).size;
    if (missing <= 0) {
      break;
    }
    const prompts = Math.ceil((proposerPrompts * missing) / wanted);
    played = joinRounds(played, await playRound(context, step, prompts, played));
  }
  const varied = withVariance(played);
  const all = played.judged.map(({ proposed }) => proposed.id);
  const byUse = [...all.filter((id) => varied.has(id)), ...all.filter((id) => !varied.has(id))];
  return { ...played, learnt: new Set(byUse.slice(0, wanted)) };
}

function withVariance({ answers }: Round): Set<string> {
  return new Set(answers.filter(({ advantage }) => advantage !== 0).map(({ groupId }) => groupId));
}
