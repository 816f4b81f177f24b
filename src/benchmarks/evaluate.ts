import { createHash } from 'node:crypto';
import { optional } from '../base/optional.ts';
import { type Domain, firstPrompt } from '../domains/domain.ts';
import type { Grade, Question } from '../protocol/question.ts';
import type { EvaluatedAnswer, EvaluatedProblem, Evaluation } from '../protocol/records.ts';
import type { Completion, GenerateRequest, Prompt } from '../protocol/runtime.ts';
import { difficulties, figuresOf } from './figures.ts';
import type { Journal, JournalOwner } from './journal.ts';
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

/** How questions are answered. */
export interface Answering {
  /** Answers to each question. */
  samples: number;
  /** 0 = greedy. */
  temperature: number;
  /** What is sampled depends on it, on the question's id and on nothing else of the evaluation. */
  seed: number;
  /** Longest answer, tokens. */
  maxTokens: number;
}

/** A completion as soon as it is there. */
export type Finished = Pick<Completion, 'text'> & { request: number; sample: number; tokens: number };

/** How far an evaluation is. */
export interface EvaluationProgress {
  /** Problems that are answered and judged, those of earlier parts included. */
  done: number;
  total: number;
  /** Of the answers since this part began. */
  tokensPerSecond: number;
  /** Absent until a problem is done. */
  secondsLeft?: number;
}

/** How long a prompt may be. */
export interface Room {
  /** Longest prompt plus completion, tokens. */
  contextTokens: number;
  countTokens(prompts: readonly Prompt[]): Promise<number[]>;
}

/** What an evaluation works with. */
export interface EvaluationTools {
  domain: Domain;
  /** Reply is [request][sample]; `onFinished` is told of each completion as it comes, or of none. */
  generate(requests: GenerateRequest[], onFinished: (finished: Finished) => void): Promise<Completion[][]>;
  room?: Room;
  /** Where what is finished is kept, and what earlier parts of this evaluation finished. */
  journal?: Journal;
  onProgress?(progress: EvaluationProgress): void;
}

/** Answers that are asked for in one request: enough to keep every slot busy, few enough to hold. */
const answersAtOnce = 2048;

/**
 * Answers to every question, graded by the known truth while others are generated. An answer that could not be judged (mark
 * `masked`) counts as not right, as do those to a question whose prompt has no room: it is not asked. Problems of the
 * journal are not asked again; when it throws, what is finished stays there.
 */
export async function evaluate(
  { name, split, limit, questions }: Benchmark,
  policy: EvaluatedPolicy,
  answering: Answering,
  tools: EvaluationTools,
): Promise<Evaluation> {
  const { domain, journal } = tools;
  const clock = startClock(journal?.seconds ?? 0);
  const finished = new Map<Question, EvaluatedProblem>();
  const left: Asked[] = [];
  const all = questions.map((question) => ({ question, prompt: firstPrompt(domain, question) }));
  const fits = await whatFits(all, answering, tools.room);
  for (const [index, asked] of all.entries()) {
    const known = journal?.problems.get(asked.question.id);
    if (known?.answers.length === answering.samples) {
      finished.set(asked.question, known);
    } else if (fits[index] === true) {
      left.push(asked);
    } else {
      finished.set(asked.question, unasked(domain, asked.question, answering.samples));
    }
  }
  const work = createWork(questions.length, { finished, clock, answering, tools });
  const atOnce = Math.max(1, Math.floor(answersAtOnce / answering.samples));
  for (let start = 0; start < left.length; start += atOnce) {
    await work.answer(left.slice(start, start + atOnce));
  }
  const problems = questions.flatMap((question) => finished.get(question) ?? []);
  return {
    ...{ benchmark: name, ...optional('split', split), ...optional('limit', limit) },
    ...{ questionsHash: questionsHash(questions), domain: domain.name, ...policy, ...answering },
    ...figuresOf(problems, answering),
    problems,
    seconds: clock.seconds(),
    tokens: tokensOf(problems),
    time: new Date().toISOString(),
  };
}

/** SHA-256, hex, of questions as they are asked and graded, in their order. */
export function questionsHash(questions: readonly Question[]): string {
  const hash = createHash('sha256');
  questions.forEach(({ id, statement, content }) => hash.update(`${JSON.stringify([id, statement, content])}\n`));
  return hash.digest('hex');
}

/** Whose journal it is: that of an evaluation with the same questions, prompts, policy and way of answering. */
export function journalOwner(
  { name, split, questions }: Benchmark,
  policy: EvaluatedPolicy,
  answering: Answering,
  { domain, adapterHash }: { domain: Domain; adapterHash?: string },
): JournalOwner {
  const prompts = questions.map((question) => firstPrompt(domain, question));
  const facts = [questionsHash(questions), prompts, domain.solver.stop, domain.name, policy, answering, adapterHash];
  const part = split === undefined ? name : `${name} (${split})`;
  const { samples } = answering;
  return {
    key: createHash('sha256').update(JSON.stringify(facts)).digest('hex'),
    what: `${part}, ${questions.length} questions, ${samples} ${samples === 1 ? 'answer' : 'answers'} each, ${policy.model} at step ${policy.step}, ${policy.precision}`,
  };
}

/** A question with the prompt that it is asked in. */
interface Asked {
  question: Question;
  prompt: Prompt;
}

interface Clock {
  /** Of the whole evaluation, earlier parts included. */
  seconds(): number;
  /** Of this part. */
  elapsed(): number;
}

function startClock(before: number): Clock {
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  return { elapsed, seconds: () => before + elapsed() };
}

interface Work {
  /** Asks these questions; resolves when all answers are judged and kept. */
  answer(asked: readonly Asked[]): Promise<void>;
}

/** Generation and judging of one evaluation, side by side. */
function createWork(
  total: number,
  {
    finished,
    clock,
    answering,
    tools,
  }: {
    finished: Map<Question, EvaluatedProblem>;
    clock: Clock;
    answering: Answering;
    tools: EvaluationTools;
  },
): Work {
  const { domain, journal, onProgress } = tools;
  const before = finished.size;
  let tokens = 0;
  const report = (): void => {
    const done = finished.size;
    const rate = (done - before) / Math.max(clock.elapsed(), 0.001);
    const left = done > before ? { secondsLeft: (total - done) / rate } : {};
    onProgress?.({ done, total, tokensPerSecond: tokens / Math.max(clock.elapsed(), 0.001), ...left });
  };
  const keep = (question: Question, problem: EvaluatedProblem): void => {
    finished.set(question, problem);
    // A fault of ours may not happen again.
    if (problem.answers.every(({ mark }) => mark !== 'masked')) {
      journal?.add(problem, clock.seconds());
    }
    report();
  };

  return {
    async answer(asked) {
      const pending = new Map<string, Promise<void>>();
      const answers = asked.map((): (GradedAnswer | undefined)[] => []);
      const judge = ({ request, sample, text, tokens: length }: Finished): void => {
        const name = `${request} ${sample}`;
        const { question, prompt } = asked[request] ?? {};
        const own = answers[request];
        if (pending.has(name) || !question || !own) {
          return;
        }
        tokens += length;
        const judged = domain.grade(question, (prompt?.prefill ?? '') + text).then((grade) => {
          own[sample] = { grade, answer: answerOf(grade, text, length) };
          const complete = own.filter((answer) => answer !== undefined);
          if (complete.length === answering.samples) {
            keep(question, problemOf(domain, question, complete));
          }
        });
        // Awaited below; until then a failure is nobody's.
        judged.catch(() => undefined);
        pending.set(name, judged);
        report();
      };
      report();
      try {
        const requests = asked.map(({ question, prompt }) => requestOf(domain, question, prompt, answering));
        const completions = await tools.generate(requests, judge);
        for (const [request, samples] of completions.entries()) {
          samples.forEach(({ text, tokenIds }, sample) => judge({ request, sample, text, tokens: tokenIds.length }));
        }
      } finally {
        await Promise.allSettled(pending.values());
      }
      await Promise.all(pending.values());
    },
  };
}

function requestOf(domain: Domain, { id }: Question, prompt: Prompt, answering: Answering): GenerateRequest {
  const { samples, temperature, maxTokens } = answering;
  return { prompt, samples, maxTokens, temperature, stop: domain.solver.stop, seed: seedOf(answering.seed, id) };
}

/** Other questions, or none of them, change nothing of what is sampled for one. */
function seedOf(seed: number, id: string): number {
  return createHash('sha256').update(`${seed}/${id}`).digest().readUInt32BE(0);
}

async function whatFits(asked: readonly Asked[], { maxTokens }: Answering, room: Room | undefined): Promise<boolean[]> {
  if (!room) {
    return asked.map(() => true);
  }
  const lengths = await room.countTokens(asked.map(({ prompt }) => prompt));
  return lengths.map((length) => length + maxTokens <= room.contextTokens);
}

interface GradedAnswer {
  grade: Grade | undefined;
  answer: EvaluatedAnswer;
}

function answerOf(grade: Grade | undefined, completion: string, tokens: number): EvaluatedAnswer {
  const { detail } = grade ?? {};
  return {
    score: grade?.reward ?? 0,
    mark: grade?.mark ?? 'masked',
    ...(detail?.kind === 'tests' ? { verdict: detail.result.verdict } : {}),
    completion,
    answer: grade?.answer ?? '',
    tokens,
  };
}

function problemOf(domain: Domain, question: Question, graded: readonly GradedAnswer[]): EvaluatedProblem {
  const detail = graded.map(({ grade }) => grade?.detail).find((found) => found?.kind === 'value');
  return {
    ...labels(domain, question),
    ...(detail?.kind === 'value' ? { expected: detail.expected } : {}),
    answers: graded.map(({ answer }) => answer),
  };
}

function unasked(domain: Domain, question: Question, samples: number): EvaluatedProblem {
  const none: EvaluatedAnswer = { score: 0, mark: 'masked', completion: '', answer: '', tokens: 0 };
  return { ...labels(domain, question), unasked: true, answers: Array.from({ length: samples }, () => ({ ...none })) };
}

function labels(domain: Domain, question: Question): Pick<EvaluatedProblem, 'id' | 'tags' | 'difficulty'> {
  const tags = domain.tags?.(question) ?? [];
  const difficulty = difficulties.find((name) => tags.includes(name));
  return { id: question.id, ...(tags.length > 0 ? { tags: [...tags] } : {}), ...optional('difficulty', difficulty) };
}

function tokensOf(problems: readonly EvaluatedProblem[]): number {
  return problems.flatMap(({ answers }) => answers).reduce((sum, { tokens }) => sum + tokens, 0);
}
