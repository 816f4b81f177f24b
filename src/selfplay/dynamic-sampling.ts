import type { StepContext } from './context.ts';
import { isSound, withQuota } from './filters.ts';
import { type Asked, emptyRound, joinRounds, type Round } from './rollout.ts';
import { playRound } from './round.ts';
import type { SelfPlaySettings } from './settings.ts';

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
  const { config } = context;
  const { proposerPrompts, dynamicSampling } = config;
  let played = await playRound(context, step, proposerPrompts, emptyRound);
  const wanted = played.asked.length;
  for (let more = 0; more < dynamicSampling; more++) {
    const missing = wanted - usable(config, played).size;
    if (missing <= 0) {
      break;
    }
    const groups = Math.ceil((proposerPrompts * missing) / wanted);
    played = joinRounds(played, await playRound(context, step, groups, played));
  }
  const preferred = usable(config, played);
  const all = filtered(config, played.asked).map(({ id }) => id);
  const byUse = [...all.filter((id) => preferred.has(id)), ...all.filter((id) => !preferred.has(id))];
  return { ...played, trainedOn: new Set(byUse.slice(0, wanted)) };
}

/** Questions that a step gains from: what the filters let through, with answers that differ in their rewards. */
function usable(config: SelfPlaySettings, { asked }: Round): Set<string> {
  const varies = filtered(config, asked).filter(({ answers }) =>
    answers.flat().some(({ advantage }) => advantage !== 0),
  );
  return new Set(varies.map(({ id }) => id));
}

function filtered(config: SelfPlaySettings, asked: readonly Asked[]): Asked[] {
  return withQuota(
    asked.filter((question) => isSound(question, config.minAgreement)),
    config.shortReferences,
  );
}
