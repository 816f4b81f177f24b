import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Domain, Judgement, Question } from '../domains/domain.ts';
import { BoundaryError } from '../base/errors.ts';
import { Problem } from '../protocol/problem.ts';
import type { Evaluation } from '../protocol/records.ts';
import type { Completion, GenerateRequest } from '../protocol/runtime.ts';
import { explainFileError } from '../base/files.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { wilsonInterval } from '../base/statistics.ts';

/** The questions of a benchmark and the name that its results carry. */
export interface Benchmark {
  name: string;
  questions: Question[];
}

/** What is evaluated, for the record. */
export interface EvaluatedPolicy {
  step: number;
  model: string;
  modelHash: string;
  adapter: string | null;
}

/** Greedy answers of a policy: reply is [request][sample]. */
type Generate = (requests: GenerateRequest[]) => Promise<Completion[][]>;

/**
 * `name`: a domain's own held-out set by the domain's name, or a JSONL file of problems (protocol/problem.ts).
 * `limit`: only the first so many. Throws BoundaryError('usage') for a file that cannot be used.
 */
export async function loadBenchmark(name: string, domain: Domain, limit?: number): Promise<Benchmark> {
  const questions = name === domain.name ? await domain.benchmark() : readProblems(name);
  return { name: name === domain.name ? name : basename(name, '.jsonl'), questions: questions.slice(0, limit) };
}

/**
 * One greedy answer to every question, judged. A question that could not be judged (IE) counts as not solved, and its
 * verdict says so.
 */
export async function evaluate(
  { name, questions }: Benchmark,
  policy: EvaluatedPolicy,
  tools: { domain: Domain; sandbox: Sandbox; generate: Generate; maxTokens: number },
): Promise<Evaluation> {
  const started = performance.now();
  const { domain, sandbox } = tools;
  const prompts = questions.map((question) => domain.solverPrompt(question));
  const completions = await tools.generate(
    prompts.map((prompt) => ({
      prompt,
      samples: 1,
      maxTokens: tools.maxTokens,
      temperature: 0,
      stop: domain.solverStop,
      seed: 0,
    })),
  );
  const problems = await Promise.all(
    questions.map(async (question, index) => {
      const completion = completions[index]?.[0];
      const text = (prompts[index]?.prefill ?? '') + (completion?.text ?? '');
      const [judgement] = await domain.judge(question, [text], sandbox);
      return problemResult(question, judgement, completion);
    }),
  );
  const solved = problems.filter(({ verdict }) => verdict === 'AC').length;
  const total = problems.length;
  return {
    benchmark: name,
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

function problemResult(
  { problem }: Question,
  judgement: Judgement | undefined,
  completion: Completion | undefined,
): Evaluation['problems'][number] {
  const score = judgement?.reward ?? 0;
  return {
    id: problem.id,
    score,
    verdict: judgement?.result?.verdict ?? (score === 1 ? 'AC' : 'WA'),
    completion: completion?.text ?? '',
    answer: judgement?.answer ?? '',
    tokens: completion?.tokenIds.length ?? 0,
  };
}

/** Problems of a JSONL file as questions. */
function readProblems(path: string): Question[] {
  return readLines(path).map((line, index) => {
    const result = Problem.safeParse(parseLine(line));
    if (!result.success) {
      const [issue] = result.error.issues;
      throw new BoundaryError(
        'usage',
        `Line ${index + 1} of ${path} is not a problem: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim(),
        'Each line is one problem: {"id", "statement", "kind", "entry", "tests", "limits"}.',
      );
    }
    return { problem: result.data };
  });
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new BoundaryError(
        'usage',
        `There is no benchmark "${path}".`,
        'Give the name of a domain (coding), or a JSONL file of problems.',
      );
    }
    throw explainFileError(error, path);
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
