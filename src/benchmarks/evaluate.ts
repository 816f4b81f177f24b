import { createHash } from 'node:crypto';
import { optional } from '../base/optional.ts';
import { type Domain, firstPrompt } from '../domains/domain.ts';
import type { Grade, Question } from '../protocol/question.ts';
import type { EvaluatedProblem, Evaluation } from '../protocol/records.ts';
import type { Completion, GenerateRequest, Prompt } from '../protocol/runtime.ts';
import { figuresOf } from './figures.ts';
import type { Benchmark } from './registry.ts';

/** What is evaluated, for the record. */
export interface EvaluatedPolicy {
  /** Steps of training behind it; 0 = before. */
  step: number;
  model: string;
  modelHash: string;
  adapter: string | null;
  /** What its frozen matrices are computed in. */
  precision: string;
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
  { name, split, limit, questions }: Benchmark,
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
  return {
    ...{ benchmark: name, ...optional('split', split), ...optional('limit', limit) },
    ...{ questionsHash: questionsHash(questions), domain: domain.name, ...policy },
    ...{ samples: 1, temperature: 0, seed: 0, maxTokens },
    ...figuresOf(problems, { samples: 1, temperature: 0 }),
    problems,
    seconds: (performance.now() - started) / 1000,
    tokens: problems.flatMap(({ answers: given }) => given).reduce((sum, { tokens }) => sum + tokens, 0),
    time: new Date().toISOString(),
  };
}

/** SHA-256, hex, of questions as they are asked and graded, in their order. */
export function questionsHash(questions: readonly Question[]): string {
  const hash = createHash('sha256');
  questions.forEach(({ id, statement, content }) => hash.update(`${JSON.stringify([id, statement, content])}\n`));
  return hash.digest('hex');
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
): EvaluatedProblem {
  const { detail } = grade ?? {};
  return {
    id,
    ...(detail?.kind === 'value' ? { expected: detail.expected } : {}),
    ...(completion ? {} : { unasked: true }),
    answers: [
      {
        score: grade?.reward ?? 0,
        mark: grade?.mark ?? 'masked',
        ...(detail?.kind === 'tests' ? { verdict: detail.result.verdict } : {}),
        completion: completion?.text ?? '',
        answer: grade?.answer ?? '',
        tokens: completion?.tokenIds.length ?? 0,
      },
    ],
  };
}
