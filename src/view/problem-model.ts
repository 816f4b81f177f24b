import { optional } from '../base/optional.ts';
import type { TestResult } from '../protocol/problem.ts';
import type { Detail } from '../protocol/question.ts';
import type { Answer, PromptRecord, Proposal, QuestionRecord, RunRecord, StepLine } from '../protocol/records.ts';
import { testsView } from './domains/coding.ts';
import { labelText } from './visible-text.ts';
import type { AnswerView, FeedEntry, Judging, ProblemModel } from './messages.ts';

/** Longest title, in characters. */
const titleLength = 110;

/** First sentence of a statement, or first telling line of a proposal, on one line. */
export function titleOf(text: string): string {
  const plain = text
    .replaceAll(/^[\s/*`]+/gm, '')
    .replaceAll(/^(javascript|typescript|js|ts)$/gim, '')
    .trim();
  const line = plain.split(/\n\s*\n|(?<=[.!?])\s/)[0] ?? '';
  const title = labelText(line).replace(/[.:]$/, '');
  return title.length > titleLength ? `${title.slice(0, titleLength - 1)}…` : title || '(empty)';
}

/** How statements begin that differ only later. */
const openings = [
  /^(?:given|you are given) [^.]*?[,.;] (?:(?:please |then )?(?:write|create|implement) a function (?:that |which |to )?)?(?=(?:returns?|finds?|determines?|computes?|calculates?|counts?|checks?|prints?|outputs?|sorts?|removes?|reverses?|replaces?|merges?|groups?|converts?)\b)/i,
  /^(?:please )?(?:write|create|implement|define) an? (?:javascript |typescript )?function (?:named |called )?(?:[`'"]?\w+[`'"]? )??(?:that |which |to )(?:takes? [^.]*? and )?/i,
];

/** A title for a narrow place: without the opening that most statements share. */
export function narrowTitle(title: string): string {
  const rest = openings.reduce((text, opening) => text.replace(opening, ''), title).trim();
  return rest === '' ? title : rest.charAt(0).toUpperCase() + rest.slice(1);
}

/** Ids of all proposals and questions of a step, in the order in which they are shown. */
function problemIds(lines: readonly StepLine[]): string[] {
  const listed = lines.filter((line) => line.type === 'proposal' || line.type === 'question');
  const proposed = listed.filter(({ type }) => type === 'proposal');
  return [...new Set([...proposed, ...listed].map(({ id }) => id))];
}

/** How answers were judged, from what the records hold: the domain's name says nothing about a user's own domain. */
export function judgingOf({ content, label, labelled }: QuestionRecord, answers: readonly Answer[]): Judging {
  if (testsView(content, '') || answers.some(({ detail }) => detail?.kind === 'tests')) {
    return 'tests';
  }
  if (label || answers.some(({ detail }) => detail?.kind === 'vote')) {
    return 'vote';
  }
  return labelled || answers.some(({ detail }) => detail?.kind === 'value') ? 'value' : 'other';
}

/** Where a question without a proposal comes from. */
export function sourceOf(question: QuestionRecord | undefined): FeedEntry['source'] {
  return question?.labelled ? 'dataset' : 'pool';
}

/** One proposal or question of a step with what became of it; undefined when the step has none of this id. */
export function problemModel(
  facts: { dir: string; runName: string; run: RunRecord; step: number; id: string },
  lines: readonly StepLine[],
): ProblemModel | undefined {
  const ids = problemIds(lines);
  const index = ids.indexOf(facts.id);
  if (index < 0) {
    return undefined;
  }
  const proposal = lines.filter((line) => line.type === 'proposal').find(({ id }) => id === facts.id);
  const question = lines.filter((line) => line.type === 'question').find(({ id }) => id === facts.id);
  const prompt = lines.filter((line) => line.type === 'prompt').find(({ groupId }) => groupId === proposal?.groupId);
  return {
    dir: facts.dir,
    runName: facts.runName,
    step: facts.step,
    id: facts.id,
    title: titleOf(question?.statement ?? proposal?.text ?? ''),
    place: index + 1,
    count: ids.length,
    source: proposal ? 'proposer' : sourceOf(question),
    ...optional('origin', question?.origin),
    ...optional('rejection', proposal?.rejection),
    ...(proposal ? { proposal: proposalView(proposal, prompt?.prompt) } : {}),
    ...(question ? { question: questionView(question, answersOf(lines, facts.id), facts.run) } : {}),
  };
}

/** The answers of one question in the order of the record. */
export function answersOf(lines: readonly StepLine[], questionId: string): Answer[] {
  return lines.filter((line) => line.type === 'answer').filter((answer) => answer.questionId === questionId);
}

function proposalView(proposal: Proposal, prompt: PromptRecord | undefined): NonNullable<ProblemModel['proposal']> {
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
  const { statement, content, prompts, label, solveRate, skipped } = question;
  return {
    statement,
    judging: judgingOf(question, answers),
    skipped: skipped ?? false,
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
    case 'note':
      return { message: detail.text };
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
