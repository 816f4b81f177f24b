import { optional } from '../base/optional.ts';
import type { TestResult } from '../protocol/problem.ts';
import type { Detail } from '../protocol/question.ts';
import type { Answer, PromptRecord, Proposal, QuestionRecord, RunRecord, StepLine } from '../protocol/records.ts';
import { testsView } from './domains/coding.ts';
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
    title: titleOf(question?.statement ?? proposal.text),
    place: index + 1,
    count: proposals.length,
    ...(proposal.rejection ? { rejection: proposal.rejection } : {}),
    proposal: proposalView(proposal, prompt?.prompt),
    ...(question ? { question: questionView(question, answersOf(lines, facts.id), facts.run) } : {}),
  };
}

/** The answers of one question in the order of the record. */
export function answersOf(lines: readonly StepLine[], questionId: string): Answer[] {
  return lines.filter((line) => line.type === 'answer').filter((answer) => answer.questionId === questionId);
}

function proposalView(proposal: Proposal, prompt: PromptRecord | undefined): ProblemModel['proposal'] {
  return {
    text: (prompt?.prefill ?? '') + proposal.text,
    tokens: proposal.tokens,
    ...(proposal.reward === undefined ? {} : { reward: proposal.reward }),
    advantage: proposal.advantage,
    ...optional('meanLogprob', proposal.meanLogprob),
    cut: proposal.finishReason === 'length',
    prompt: prompt?.messages.map(({ role, content }) => `[${role}]\n${content}`).join('\n\n') ?? '',
  };
}

function questionView(
  question: QuestionRecord,
  answers: readonly Answer[],
  run: RunRecord,
): NonNullable<ProblemModel['question']> {
  const { statement, content, prompts, labelled, label, solveRate } = question;
  return {
    statement,
    labelled: labelled ?? false,
    ...optional('solveRate', solveRate),
    ...optional('tests', testsView(content, String(run.config['testsMode'] ?? ''))),
    ...optional('label', label),
    forms: prompts.map(({ messages, prefill }) =>
      [...messages.map((message) => message.content), prefill ?? ''].join('\n'),
    ),
    answers: answers.map(answerView),
  };
}

function answerView(answer: Answer): AnswerView {
  const { id, form, mark, text, reward, advantage, tokens, meanLogprob, finishReason, detail } = answer;
  return {
    id,
    form,
    mark,
    answer: answer.answer,
    text,
    ...optional('reward', reward),
    advantage,
    tokens,
    ...optional('meanLogprob', meanLogprob),
    cut: finishReason === 'length',
    ...(detail ? detailView(detail) : {}),
  };
}

function detailView(detail: Detail): Partial<AnswerView> {
  switch (detail.kind) {
    case 'tests': {
      const { verdict, timeMs, message, tests } = detail.result;
      return { verdict, timeMs, ...optional('message', message), tests: tests.map(testView) };
    }
    case 'vote':
      return { vote: { votes: detail.votes, of: detail.of, ...optional('correct', detail.correct) } };
    case 'value':
      return { expected: detail.expected };
  }
}

function testView({
  verdict,
  timeMs,
  actual,
  expected,
  difference,
  message,
}: TestResult): NonNullable<AnswerView['tests']>[number] {
  return {
    verdict,
    ...optional('timeMs', timeMs),
    ...optional('actual', actual),
    ...optional('expected', expected),
    ...optional('at', difference),
    ...optional('message', message),
  };
}
