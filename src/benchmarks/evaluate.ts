import { wilsonInterval } from '../base/statistics.ts';
import { type Domain, firstPrompt } from '../domains/domain.ts';
import type { Grade, Question } from '../protocol/question.ts';
import type { Evaluation } from '../protocol/records.ts';
import type { Completion, GenerateRequest, Prompt } from '../protocol/runtime.ts';
import type { Benchmark } from './registry.ts';

/** What is evaluated, for the record. */
export interface EvaluatedPolicy {
  /** Steps of training behind it; 0 = before. */
  step: number;
  model: string;
  modelHash: string;
  adapter: string | null;
}

/** Greedy answers of a policy: reply is [request][sample]. */
type Generate = (requests: GenerateRequest[]) => Promise<Completion[][]>;

/** How long a prompt may be. */
export interface Room {
  /** Longest prompt plus completion, tokens. */
  contextTokens: number;
  countTokens(prompts: readonly Prompt[]): Promise<number[]>;
}

/**
 * One greedy answer to every question, graded by the known truth. A question that could not be judged (mark `masked`)
 * counts as not solved, as does one whose prompt has no room: it is not asked.
 */
export async function evaluate(
  { name, questions }: Benchmark,
  policy: EvaluatedPolicy,
  tools: { domain: Domain; generate: Generate; maxTokens: number; room?: Room },
): Promise<Evaluation> {
  const started = performance.now();
  const { domain, maxTokens } = tools;
  const all = questions.map((question) => ({ question, prompt: firstPrompt(domain, question) }));
  const fits = await whatFits(
    all.map(({ prompt }) => prompt),
    tools,
  );
  const asked = all.filter((_, index) => fits[index]);
  const completions = await tools.generate(
    asked.map(({ prompt }) => ({ prompt, samples: 1, maxTokens, temperature: 0, stop: domain.solver.stop, seed: 0 })),
  );
  const answers = new Map(asked.map(({ question }, index) => [question, completions[index]?.[0]]));
  const problems = await Promise.all(
    all.map(async ({ question, prompt }) => {
      const completion = answers.get(question);
      const grade = completion && (await domain.grade(question, (prompt.prefill ?? '') + completion.text));
      return problemResult(question, grade, completion);
    }),
  );
  const solved = problems.filter(({ mark }) => mark === 'right').length;
  const total = problems.length;
  return {
    benchmark: name,
    domain: domain.name,
    ...policy,
    total,
    solved,
    accuracy: total === 0 ? 0 : solved / total,
    interval: wilsonInterval(solved, total),
    meanScore: total === 0 ? 0 : problems.reduce((sum, { score }) => sum + score, 0) / total,
    problems,
    seconds: (performance.now() - started) / 1000,
    time: new Date().toISOString(),
  };
}

async function whatFits(
  prompts: readonly Prompt[],
  { room, maxTokens }: { room?: Room; maxTokens: number },
): Promise<boolean[]> {
  if (!room) {
    return prompts.map(() => true);
  }
  const lengths = await room.countTokens(prompts);
  return lengths.map((length) => length + maxTokens <= room.contextTokens);
}

function problemResult(
  { id }: Question,
  grade: Grade | undefined,
  completion: Completion | undefined,
): Evaluation['problems'][number] {
  const { detail } = grade ?? {};
  return {
    id,
    score: grade?.reward ?? 0,
    mark: grade?.mark ?? 'masked',
    ...(detail?.kind === 'tests' ? { verdict: detail.result.verdict } : {}),
    ...(detail?.kind === 'value' ? { expected: detail.expected } : {}),
    completion: completion?.text ?? '',
    answer: grade?.answer ?? '',
    tokens: completion?.tokenIds.length ?? 0,
  };
}
