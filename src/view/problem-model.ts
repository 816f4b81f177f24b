import type { Problem } from '../protocol/problem.ts';
import type { Answer, PromptRecord, Proposal, QuestionRecord, RunRecord, StepLine } from '../protocol/records.ts';
import type { AnswerView, ProblemModel } from './messages.ts';

/** Longest title, in characters. */
const titleLength = 110;

/** First sentence of a statement, or first telling line of a proposal, on one line. */
export function titleOf(text: string): string {
  const plain = text
    .replaceAll(/^[\s/*`]+/gm, '')
    .replaceAll(/^(javascript|typescript|js|ts)$/gim, '')
    .trim();
  const line = plain.split(/\n\s*\n|(?<=[.!?])\s/)[0] ?? '';
  const title = line.replaceAll(/\s+/g, ' ').trim().replace(/[.:]$/, '');
  return title.length > titleLength ? `${title.slice(0, titleLength - 1)}…` : title || '(empty)';
}

/** One proposal of a step with what became of it, or undefined when the step has none of this id. */
export function problemModel(
  facts: { dir: string; runName: string; run: RunRecord; step: number; id: string },
  lines: readonly StepLine[],
): ProblemModel | undefined {
  const proposals = lines.filter((line) => line.type === 'proposal');
  const index = proposals.findIndex(({ id }) => id === facts.id);
  const proposal = proposals[index];
  if (!proposal) {
    return undefined;
  }
  const question = lines.filter((line) => line.type === 'question').find(({ id }) => id === facts.id);
  const prompt = lines.filter((line) => line.type === 'prompt').find(({ groupId }) => groupId === proposal.groupId);
  return {
    dir: facts.dir,
    runName: facts.runName,
    step: facts.step,
    id: facts.id,
    title: titleOf(question?.problem.statement ?? proposal.text),
    place: index + 1,
    count: proposals.length,
    ...(proposal.rejection ? { rejection: proposal.rejection } : {}),
    proposal: proposalView(proposal, prompt?.prompt),
    ...(question ? { question: questionView(question, answersOf(lines, facts.id), facts.run) } : {}),
  };
}

/** The answers of one question in the order of the record. */
export function answersOf(lines: readonly StepLine[], questionId: string): Answer[] {
  return lines.filter((line) => line.type === 'answer').filter(({ groupId }) => groupId === questionId);
}

function proposalView(proposal: Proposal, prompt: PromptRecord | undefined): ProblemModel['proposal'] {
  return {
    text: (prompt?.prefill ?? '') + proposal.text,
    tokens: proposal.tokenIds.length,
    ...(proposal.reward === undefined ? {} : { reward: proposal.reward }),
    advantage: proposal.advantage,
    ...meanLogprobOf(proposal.logprobs),
    cut: proposal.finishReason === 'length',
    prompt: prompt?.messages.map(({ role, content }) => `[${role}]\n${content}`).join('\n\n') ?? '',
  };
}

function questionView(
  question: QuestionRecord,
  answers: readonly Answer[],
  run: RunRecord,
): NonNullable<ProblemModel['question']> {
  const { problem } = question;
  return {
    statement: problem.statement,
    kind: problem.kind,
    ...(problem.kind === 'function' ? { entry: problem.entry } : {}),
    ...(question.reference === undefined ? {} : { reference: question.reference }),
    testsMode: String(run.config['testsMode'] ?? ''),
    ...(question.solveRate === undefined ? {} : { solveRate: question.solveRate }),
    tests: testsOf(problem),
    answers: answers.map(answerView),
  };
}

/** Input and expected output as a person reads them: call arguments as JSON, standard input and output as text. */
export function testsOf(problem: Problem): { input: string; expected: string }[] {
  if (problem.kind === 'program') {
    return problem.tests.map(({ input, output }) => ({ input, expected: output }));
  }
  return problem.tests.map(({ input, output }) => ({
    input: input.map((value) => JSON.stringify(value)).join(', '),
    expected: JSON.stringify(output),
  }));
}

function answerView(answer: Answer): AnswerView {
  const { result } = answer;
  return {
    id: answer.id,
    verdict: result?.verdict ?? 'none',
    code: answer.answer,
    text: answer.text,
    ...(answer.reward === undefined ? {} : { reward: answer.reward }),
    advantage: answer.advantage,
    tokens: answer.tokenIds.length,
    ...meanLogprobOf(answer.logprobs),
    cut: answer.finishReason === 'length',
    ...(result ? { timeMs: result.timeMs } : {}),
    ...(result?.message === undefined ? {} : { message: result.message }),
    tests: (result?.tests ?? []).map(({ verdict, timeMs, actual, expected, difference, message }) => ({
      verdict,
      ...(timeMs === undefined ? {} : { timeMs }),
      ...(actual === undefined ? {} : { actual }),
      ...(expected === undefined ? {} : { expected }),
      ...(difference === undefined ? {} : { at: difference }),
      ...(message === undefined ? {} : { message }),
    })),
  };
}

function meanLogprobOf(logprobs: readonly number[]): { meanLogprob?: number } {
  return logprobs.length === 0 ? {} : { meanLogprob: logprobs.reduce((a, b) => a + b, 0) / logprobs.length };
}
