import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import type { Grade, Question, Rejection } from '../../protocol/question.ts';
import type { JsonValue } from '../../protocol/json.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import type { UserDomainRow } from '../../protocol/user-domain.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type Domain, isRejection, type Rewarded } from '../domain.ts';
import { rewardByLabel } from '../majority.ts';
import { checkWords, type SafetyGuard } from '../safety.ts';
import { type Called, type DomainCalls, openCalls } from './calls.ts';
import { assertUnchanged, domainDataFile, type DomainFile, readDomainFile } from './folder.ts';
import { expected, expectedRewards, longest, QuestionRow, UserContent } from './shapes.ts';

/** What a run's settings say about a domain of the user's own. */
export interface UserOptions {
  domainFolder: string;
  /** Empty: any file is accepted. */
  domainHash: string;
  topic: string;
  safetyGuard: SafetyGuard;
}

type UserQuestion = Question<UserContent>;
/** A proposal as it was written: its parsing is done in the sandbox, with the other proposals of its step. */
type Draft = string;

/** Prompts of the proposer that a domain is asked for once, at the start; a step's variant chooses one of them. */
export const promptVariants = 256;

/** The domain in a folder, and what `selfq domain show` says of it. */
export interface OpenedDomain {
  domain: Domain<Draft, UserContent>;
  calls: DomainCalls;
  row: UserDomainRow;
}

/**
 * Opens a user's own domain. Nothing of its file runs in this process: each function is called in the sandbox, with JSON
 * in and out and limits of time and memory. An input on which a function fails counts for nothing (a proposal is rejected,
 * an answer masked, with the failure in the record); a function that fails again and again ends the run. Throws
 * BoundaryError for a file that cannot be used.
 */
export async function openUserDomain(options: UserOptions, sandbox: () => Promise<Sandbox>): Promise<OpenedDomain> {
  if (options.domainFolder === '') {
    throw new BoundaryError('usage', 'The domain "user" needs a folder.', 'Name it with --domain ./DIR.');
  }
  const file = readDomainFile(options.domainFolder);
  assertUnchanged(file, options.domainHash, 'Restore that file, or name the changed one: --domain ./DIR.');
  const calls = await openCalls(file, sandbox);
  const prompts = await proposerPrompts(calls, options.topic);
  return { domain: createUserDomain(calls, prompts, options.safetyGuard), calls, row: rowOf(file, calls) };
}

function rowOf(file: DomainFile, { facts, has }: DomainCalls): UserDomainRow {
  return {
    ...{ name: facts.name, description: facts.description, folder: file.folder, hash: file.hash },
    rewardedBy: has('reward') ? 'reward' : has('value') ? 'majority' : 'grade',
    ...optional('questions', domainDataFile(file.folder, 'questions')),
    settings: facts.settings,
  };
}

async function proposerPrompts(calls: DomainCalls, topic: string): Promise<Prompt[]> {
  const variants = Array.from({ length: promptVariants }, (_, variant): JsonValue[] => [variant, topic]);
  return (await calls.all('propose', variants, expected.propose)).map(orThrow);
}

function orThrow<T>(called: Called<T>): T {
  if ('fault' in called) {
    throw called.fault;
  }
  return called.value;
}

function createUserDomain(
  calls: DomainCalls,
  prompts: readonly Prompt[],
  safetyGuard: SafetyGuard,
): Domain<Draft, UserContent> {
  const { facts } = calls;
  return {
    name: facts.name,
    content: UserContent,
    proposer: {
      prompt: (variant) => prompts[variant % promptVariants] ?? prompts[0] ?? { messages: [] },
      stop: facts.proposalStop,
      parse: (proposal) => proposal,
      verify: (drafts) => verify(calls, drafts, safetyGuard),
      fingerprint: ({ content }) => ({ key: content.key }),
    },
    solver: { prompts: ({ content }) => [content.prompt], stop: facts.answerStop },
    reward: (question, answers) => reward(calls, question, answers.flat()),
    grade: (question, answer) => grade(calls, question, answer),
    tags: ({ content }) => content.tags ?? [],
    read: readRow,
    rowExample: '{"question": …, "answer": "…"}, the question as parse gives it',
    knowsTruth: ({ content }) => content.truth !== undefined || calls.has('grade'),
    prepare: (questions) => prepareRead(calls, questions),
  };
}

/** Parses proposals and asks the domain all about those that are questions. */
async function verify(
  calls: DomainCalls,
  drafts: readonly { id: string; draft: Draft }[],
  safetyGuard: SafetyGuard,
): Promise<(UserQuestion | Rejection)[]> {
  const parsed = await calls.all('parse', drafts.map(({ draft }) => [draft]), expected.parse); // prettier-ignore
  const read = parsed.map((called): { question: JsonValue } | Rejection => {
    if ('fault' in called) {
      return domainFault(called.fault);
    }
    const { value } = called;
    return isRejected(value) ? { reason: 'malformed', detail: value.rejected } : { question: value };
  });
  const kept = drafts.flatMap(({ id }, index) => {
    const entry = read[index];
    return entry && !isRejection(entry) ? [{ id, question: entry.question }] : [];
  });
  const prepared = (await prepare(calls, kept)).values();
  return read.map((entry) => {
    const result = isRejection(entry) ? entry : prepared.next().value;
    if (!result) {
      throw new RangeError('a proposal was not verified');
    }
    return isRejection(result) ? result : (checkWords(result.statement, safetyGuard) ?? result);
  });
}

function isRejected(value: unknown): value is { rejected: string } {
  return typeof value === 'object' && value !== null && 'rejected' in value && typeof value.rejected === 'string';
}

const domainFault = ({ message }: BoundaryError): Rejection => ({ reason: 'domain_fault', detail: message });

/** Statement, prompt, key, truth and tags of questions; a rejection where the domain fails at one. In their order. */
async function prepare(
  calls: DomainCalls,
  questions: readonly { id: string; question: JsonValue }[],
): Promise<(UserQuestion | Rejection)[]> {
  const lists = questions.map(({ question }) => [question]);
  const [statements, prompts] = [
    await calls.all('statement', lists, expected.statement),
    await calls.all('ask', lists, expected.ask),
  ];
  const keys = calls.has('key') ? await calls.all('key', lists, expected.key) : undefined;
  const truths = calls.has('truth') ? await calls.all('truth', lists, expected.truth) : undefined;
  const tags = calls.has('tags') ? await calls.all('tags', lists, expected.tags) : undefined;
  return questions.map(({ id, question }, index): UserQuestion | Rejection => {
    const of = [statements, prompts, keys, truths, tags].map((called) => called?.[index]);
    const failed = of.find((called) => called && 'fault' in called);
    if (failed && 'fault' in failed) {
      return domainFault(failed.fault);
    }
    const truth = valueOf(truths?.[index]);
    return {
      id,
      statement: valueOf(statements[index]) ?? '',
      content: {
        question,
        prompt: valueOf(prompts[index]) ?? { messages: [] },
        key: valueOf(keys?.[index]) ?? JSON.stringify(question),
        ...optional('truth', truth ?? undefined),
        ...optional('tags', valueOf(tags?.[index])),
      },
    };
  });
}

function valueOf<T>(called: Called<T> | undefined): T | undefined {
  return called && 'value' in called ? called.value : undefined;
}

/** In the place of a prompt that `prepare` asks the domain for. */
const unasked: Prompt = { messages: [] };

/** A question from a line of a file, about which the domain has not been asked yet. Throws where the line is none. */
function readRow(row: unknown, id: string): UserQuestion {
  const { question, answer, id: own } = QuestionRow.parse(row);
  return {
    id: own ?? id,
    statement: JSON.stringify(question),
    content: {
      ...{ question, prompt: unasked, key: JSON.stringify(question) },
      ...optional('truth', answer === undefined ? undefined : String(answer).trim()),
    },
  };
}

/** Throws BoundaryError('usage') that names the first question at which the domain fails, or whose answer it contradicts. */
async function prepareRead(calls: DomainCalls, questions: readonly UserQuestion[]): Promise<UserQuestion[]> {
  const rows = questions.map(({ id, content }) => ({ id, question: content.question as JsonValue }));
  const results = await prepare(calls, rows);
  return results.map((result, index) => {
    const row = questions[index];
    if (!row || isRejection(result)) {
      const why = isRejection(result) ? result.detail : 'it is gone';
      throw new BoundaryError(
        'usage',
        `The question ${row?.id} cannot be used. ${why}`,
        'Mend the domain or that line.',
      );
    }
    const [given, computed] = [row.content.truth, result.content.truth];
    if (given !== undefined && computed !== undefined && given !== computed) {
      throw new BoundaryError(
        'usage',
        `The question ${row.id} has the answer "${given}", and the domain's truth is "${computed}".`,
        'Mend truth in the domain, or the answer of that line.',
      );
    }
    return { ...result, content: { ...result.content, ...optional('truth', given ?? computed) } };
  });
}

const dataOf = ({ content }: UserQuestion): JsonValue => content.question as JsonValue;

/** Rewards of self-play by what the domain has: its `reward`, the majority of its `value`s, or its `grade`. */
async function reward(calls: DomainCalls, question: UserQuestion, answers: readonly string[]): Promise<Rewarded> {
  if (calls.has('reward')) {
    const what = expectedRewards(answers.length);
    const [called] = await calls.all('reward', [[dataOf(question), [...answers]]], what);
    const rewards = called && 'value' in called ? called.value : undefined;
    const fault = called && 'fault' in called ? called.fault : undefined;
    return {
      grades: [answers.map((answer, index) => (fault ? masked(fault) : shareGrade(rewards?.[index] ?? null, answer)))],
    };
  }
  return calls.has('value')
    ? rewardByMajority(calls, question, answers)
    : { grades: [await Promise.all(answers.map((answer) => gradeByShare(calls, question, answer)))] };
}

/** The most frequent value wins (arXiv 2508.03682); an answer at which `value` fails has no vote. */
async function rewardByMajority(
  calls: DomainCalls,
  question: UserQuestion,
  answers: readonly string[],
): Promise<Rewarded> {
  const values = await valuesOf(calls, question, answers);
  const read = values.flatMap((called, index) => {
    const value = valueOf(called);
    return 'fault' in called ? [] : [{ index, text: value ?? shortText(answers[index]), value: value ?? undefined }];
  });
  const { grades, label } = rewardByLabel([read], { rule: 'majority', truth: question.content.truth });
  const byIndex = new Map(read.map(({ index }, position) => [index, grades[0]?.[position]]));
  const all = values.map((called, index): Grade => {
    const found = byIndex.get(index);
    return 'fault' in called || !found ? masked('fault' in called ? called.fault : undefined) : found;
  });
  return { grades: [all], ...optional('label', label) };
}

function valuesOf(calls: DomainCalls, question: UserQuestion, answers: readonly string[]) {
  return calls.all('value', answers.map((answer) => [dataOf(question), answer]), expected.value); // prettier-ignore
}

async function gradeByShare(calls: DomainCalls, question: UserQuestion, answer: string): Promise<Grade> {
  const [called] = await calls.all('grade', [[dataOf(question), answer]], expected.grade);
  return !called || 'fault' in called ? masked(called?.fault) : shareGrade(called.value, answer);
}

/** By the domain's `grade` where it has one, else by the known value. */
async function grade(calls: DomainCalls, question: UserQuestion, answer: string): Promise<Grade | undefined> {
  const { truth } = question.content;
  const detail = truth === undefined ? {} : { detail: { kind: 'value' as const, expected: truth } };
  if (calls.has('grade')) {
    const graded = await gradeByShare(calls, question, answer);
    return graded.mark === 'masked' ? graded : { ...graded, ...detail };
  }
  if (truth === undefined || !calls.has('value')) {
    return undefined;
  }
  const [called] = await valuesOf(calls, question, [answer]);
  if (!called || 'fault' in called) {
    return masked(called?.fault);
  }
  const { value } = called;
  const mark = value === null ? 'unparsable' : value === truth ? 'right' : 'wrong';
  return { mark, reward: Number(mark === 'right'), answer: value ?? shortText(answer), ...detail };
}

/** A grade from a number in [0, 1]; null: the answer could not be read. */
function shareGrade(share: number | null, answer: string): Grade {
  const mark = share === null ? 'unparsable' : share === 1 ? 'right' : share === 0 ? 'wrong' : 'partial';
  return { mark, reward: share ?? 0, answer: shortText(answer) };
}

/** An answer that counts for nothing because the domain failed at it. */
function masked(fault: BoundaryError | undefined): Grade {
  return { mark: 'masked', answer: '', detail: { kind: 'note', text: fault?.message ?? 'The domain gave no result.' } };
}

const shortText = (answer = ''): string => answer.trim().slice(0, longest.value);
