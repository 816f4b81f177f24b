import { isRejection, type Rejection } from '../domain.ts';
import { trigramSimilarity } from '../near-duplicate.ts';
import { checkWords, type SafetyGuard } from '../safety.ts';
import { checkLanguage } from '../statement.ts';
import { type SolvedSystem, solveFor, splitEquations } from './content.ts';
import { type Equation } from './linear.ts';
import { exemplars, headings, selectedHeading } from './prompts.ts';

/** A parsed proposal: not yet solved, not yet guarded. */
export interface AlgebraDraft {
  story: string;
  /** Absent in the paper's layout, whose questions have none. */
  system?: { equations: string[]; unknown: string };
}

/** Longest proposal that is looked at, characters. */
const maximumProposal = 8000;
/** Of a story, characters. */
const storyLength = { least: 30, most: 1200 };
const maximumEquations = 3;
/** From this likeness (word 3-grams) on, a story counts as taken from the prompt. */
const copyThreshold = 0.6;

/** A proposal in three lines: problem, unknown, equations. */
export function parseEquationsProposal(proposal: string): AlgebraDraft | Rejection {
  if (proposal.length > maximumProposal) {
    return tooLong;
  }
  const { problem, equations, find } = headings;
  const [, rest] = split(proposal, /Problem:/);
  const [story, below] = split(rest ?? '', /Find:/);
  const [unknownText, equationText] = split(below ?? '', /Equations?:/);
  if (rest === undefined || below === undefined || equationText === undefined) {
    return { reason: 'malformed', detail: `It has not the lines ${problem} ${find} ${equations}` };
  }
  const unknown = /^[^\p{L}]*([a-z])[^\p{L}]*$/iu.exec(unknownText)?.[1];
  if (unknown === undefined) {
    return { reason: 'malformed', detail: `Behind ${find} is no single letter: "${unknownText.trim().slice(0, 20)}".` };
  }
  const lines = equationText.trim().split(/\n\s*\n/)[0] ?? '';
  return { story: story.trim(), system: { equations: splitEquations(lines.replaceAll('\n', ', ')), unknown } };
}

const tooLong: Rejection = {
  reason: 'statement_too_long',
  detail: `The proposal has more than ${maximumProposal} characters.`,
};

/** A proposal in the paper's layout: the question behind the last marker. */
export function parseSelectedProposal(proposal: string): AlgebraDraft | Rejection {
  if (proposal.length > maximumProposal) {
    return tooLong;
  }
  const start = proposal.lastIndexOf(selectedHeading);
  if (start < 0) {
    return { reason: 'malformed', detail: `It has not the words "${selectedHeading}".` };
  }
  const story = proposal
    .slice(start + selectedHeading.length)
    .replaceAll('**', '')
    .trim();
  return { story };
}

/** Text before and behind the first `mark`. */
function split(text: string, mark: RegExp): [string, string?] {
  const found = mark.exec(text);
  return found ? [text.slice(0, found.index), text.slice(found.index + found[0].length)] : [text];
}

/** What is solved of a draft, or the first objection to it; `solved` is absent for a story without equations. */
export function checkDraft(
  { story, system }: AlgebraDraft,
  safetyGuard: SafetyGuard,
): { solved?: SolvedSystem } | Rejection {
  const objection = checkStory(story, safetyGuard);
  if (objection) {
    return objection;
  }
  if (!system) {
    return {};
  }
  if (system.equations.length === 0 || system.equations.length > maximumEquations) {
    return { reason: 'malformed', detail: `It has ${system.equations.length} equations.` };
  }
  const solved = solveFor(system.equations, system.unknown);
  if (isRejection(solved)) {
    return solved;
  }
  const isGiven = solved.system.equations.some((equation) => states(equation, solved.unknown));
  return isGiven
    ? { reason: 'contains_solution', detail: `An equation states the value of ${solved.unknown}.` }
    : { solved };
}

/** `x = 5`: the unknown alone beside a number. */
function states({ left, right }: Equation, unknown: string): boolean {
  const isUnknown = (side: Equation['left']): boolean => side.kind === 'unknown' && side.name === unknown;
  const isNumber = (side: Equation['left']): boolean =>
    side.kind === 'number' || (side.kind === 'negation' && side.of.kind === 'number');
  return (isUnknown(left) && isNumber(right)) || (isNumber(left) && isUnknown(right));
}

function checkStory(story: string, safetyGuard: SafetyGuard): Rejection | undefined {
  if (story.length < storyLength.least) {
    return { reason: 'too_short', detail: `The problem has fewer than ${storyLength.least} characters.` };
  }
  if (story.length > storyLength.most) {
    return { reason: 'statement_too_long', detail: `The problem has more than ${storyLength.most} characters.` };
  }
  if (/<\/?(?:answer|think)\b|\\boxed|####|\b(?:solution|answer)\s*:/i.test(story)) {
    return { reason: 'contains_solution', detail: 'The problem has the mark of an answer.' };
  }
  if (/\p{Nd}/u.test(story.replaceAll(/[0-9]/g, ''))) {
    return { reason: 'other_digits', detail: 'The problem has digits of another script than 0 to 9.' };
  }
  if (/\d{10}/.test(story)) {
    return { reason: 'numbers_too_large', detail: 'The problem has a number of ten digits or more.' };
  }
  const objection = checkLanguage(story) ?? checkWords(story, safetyGuard);
  if (objection) {
    return objection;
  }
  return exemplars.some(({ problem }) => trigramSimilarity(problem, story) >= copyThreshold)
    ? { reason: 'copied_from_prompt', detail: 'The problem is the example of the prompt.' }
    : undefined;
}
