import type { Grade } from '../protocol/question.ts';
import type { Drawn, StepContext } from './context.ts';
import { groupAdvantages, solverReward } from './rewards.ts';
import { type Asked, answerGroup, type Rollout, type Round, solveRateOf, textOf } from './rollout.ts';
import { drawInteger, randomKeys, samplingOf } from './sampling.ts';

/**
 * One round: `groups` proposer prompts' worth of questions is drawn, answered, judged and rewarded. Ids and seeds
 * continue behind those of `before`, the step's rounds so far.
 */
export async function playRound(context: StepContext, step: number, groups: number, before: Round): Promise<Round> {
  const { proposals, drawn } = await context.source.draw(context, step, groups, before);
  const answered = await context.stage('solve', () => solve(context, step, before.asked.length, drawn));
  const asked = await context.stage('judge', () => judge(context, step, answered));
  return { proposals, asked };
}

/** Every form of every question is answered N times. The solver sees the prompt of the form, nothing else. */
async function solve(
  { config, domain, policy }: StepContext,
  step: number,
  first: number,
  drawn: readonly Drawn[],
): Promise<Asked[]> {
  const requests = drawn.flatMap(({ prompts }, index) =>
    prompts.map((prompt, form) => ({
      prompt,
      samples: config.answersPerQuestion,
      maxTokens: config.maxAnswerTokens,
      stop: domain.solver.stop,
      seed: drawInteger(config.seed, step, randomKeys.solver, first + index, ...(form === 0 ? [] : [form])),
      ...samplingOf(config),
    })),
  );
  const completions = (await policy.generate(requests)).values();
  return drawn.map((item) => ({
    ...item,
    answers: item.prompts.map((prompt, form): Rollout[] => {
      const groupId = answerGroup(item.id, form);
      const samples = completions.next().value ?? [];
      return samples.map((completion, index) => ({
        id: `${groupId}/${index}`,
        groupId,
        prompt,
        completion,
        advantage: 0,
      }));
    }),
  }));
}

async function judge(context: StepContext, step: number, answered: readonly Asked[]): Promise<Asked[]> {
  return Promise.all(
    answered.map(async (asked) => {
      const judged = rewardAnswers(context, await gradeAnswers(context, asked));
      context.notify({
        type: 'question',
        step,
        id: judged.id,
        statement: judged.question.statement,
        marks: judged.answers.flat().map(({ grade }) => grade?.mark ?? 'masked'),
        solveRate: solveRateOf(judged) ?? null,
      });
      return judged;
    }),
  );
}

/** By the truth where the question brings it along, else by what the domain makes of all answers together. */
async function gradeAnswers({ domain }: StepContext, asked: Asked): Promise<Asked> {
  const { question, answers, labelled } = asked;
  const texts = answers.map((form) => form.map(textOf));
  if (labelled) {
    const unknown: Grade = { mark: 'masked', answer: '' };
    const grades = await Promise.all(
      texts.map((form) => Promise.all(form.map(async (text) => (await domain.grade(question, text)) ?? unknown))),
    );
    return { ...asked, answers: withGrades(answers, grades) };
  }
  const { grades, label } = await domain.reward(question, texts);
  return { ...asked, answers: withGrades(answers, grades), ...(label ? { label } : {}) };
}

function withGrades(answers: Asked['answers'], grades: readonly (readonly Grade[])[]): Rollout[][] {
  return answers.map((form, i) =>
    form.map((answer, k) => {
      const grade = grades[i]?.[k];
      if (!grade) {
        throw new RangeError(`The domain gave no grade for the answer ${answer.id}.`);
      }
      return { ...answer, grade };
    }),
  );
}

/** Rewards by name, and advantages within each group of answers to one form. */
function rewardAnswers({ config }: StepContext, asked: Asked): Asked {
  const answers = asked.answers.map((form) => {
    const rewards = form.map(({ grade }) => grade && solverReward(grade, config.solverReward));
    const advantages = groupAdvantages(rewards);
    return form.map((answer, index) => ({ ...answer, reward: rewards[index], advantage: advantages[index] ?? 0 }));
  });
  return { ...asked, answers };
}
