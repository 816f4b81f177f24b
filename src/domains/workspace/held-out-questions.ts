import { createHash } from 'node:crypto';
import type { Completion, GenerateRequest } from '../../protocol/runtime.ts';
import type { Seed } from '../../protocol/seed.ts';
import type { CodingContent, CodingQuestion } from '../coding/content.ts';
import { type Domain, type DomainTools, firstPrompt, isRejection } from '../domain.ts';
import { statementIn, statementPrompt } from './prompts.ts';
import { draftOf, type SeededDraft } from './workspace.ts';

/** How statements and answers are sampled. */
export interface HeldOutSampling {
  temperature: number;
  seed: number;
  maxProposalTokens: number;
  maxAnswerTokens: number;
}

/** Most functions that problems are made from, statements written for each, and answers to each statement. */
const mostFunctions = 32;
const statementsOfEach = 2;
const answersOfEach = 4;

/**
 * Problems of held-out functions, for evaluation alone. The base model, which training leaves as it is, writes statements
 * for each; the first that passes the guards and that at least one of its own answers solves is kept: a statement that
 * leaves out half of what the function does is solved by none. Chosen by success of the base model, they flatter it: a gain
 * of the trained one is not made by the choice.
 */
export async function heldOutQuestions(
  seeds: readonly Seed[],
  domain: Domain<SeededDraft, CodingContent>,
  base: DomainTools['base'],
  { temperature, seed, maxProposalTokens, maxAnswerTokens }: HeldOutSampling,
): Promise<CodingQuestion[]> {
  const chosen = inFixedOrder(seeds).slice(0, mostFunctions);
  const prompts = chosen.map(statementPrompt);
  const written = await sampled(base, prompts, {
    ...{ temperature, seed, samples: statementsOfEach, maxTokens: maxProposalTokens },
    stop: domain.proposer.stop,
  });
  const drafts = chosen.flatMap((function_, index) =>
    (written[index] ?? []).map((text, sample) => ({
      id: `${function_.file}:${function_.line}/${sample}`.slice(-200),
      draft: { draft: draftOf(function_, statementIn(text)), seed: function_, kind: 'statement' as const },
    })),
  );
  const verified = await domain.proposer.verify(drafts);
  const questions = verified.filter((result): result is CodingQuestion => !isRejection(result));
  const answers = await sampled(
    base,
    questions.map((question) => firstPrompt(domain, question)),
    { temperature, seed: seed + 1, samples: answersOfEach, maxTokens: maxAnswerTokens, stop: domain.solver.stop },
  );
  const solved = await Promise.all(
    questions.map(async (question, index) => {
      const { grades } = await domain.reward(question, [answers[index] ?? []]);
      return grades.flat().some(({ mark }) => mark === 'right');
    }),
  );
  return firstOfEach(questions.filter((_, index) => solved[index]));
}

/** By a hash of file and name, so that many functions of one file do not fill the benchmark. */
function inFixedOrder(seeds: readonly Seed[]): Seed[] {
  const rank = ({ file, name }: Seed): string => createHash('sha256').update(`${file}\n${name}`).digest('hex');
  return seeds.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/** Prefill and completion, [prompt][sample]. */
async function sampled(
  base: DomainTools['base'],
  prompts: readonly ReturnType<typeof statementPrompt>[],
  request: Omit<GenerateRequest, 'prompt'> & { seed: number },
): Promise<string[][]> {
  const requests = prompts.map((prompt, index) => ({ ...request, prompt, seed: request.seed + 2 * index }));
  const completions: Completion[][] = requests.length === 0 ? [] : await base(requests);
  return completions.map((samples, index) => samples.map(({ text }) => (prompts[index]?.prefill ?? '') + text));
}

/** One question for each function, with an id that says where it lies. */
function firstOfEach(questions: readonly CodingQuestion[]): CodingQuestion[] {
  const byFunction = new Map<string, CodingQuestion>();
  for (const question of questions) {
    const id = question.id.replace(/\/\d+$/, '');
    if (!byFunction.has(id)) {
      byFunction.set(id, {
        ...question,
        id,
        content: { ...question.content, problem: { ...question.content.problem, id } },
      });
    }
  }
  return [...byFunction.values()];
}
