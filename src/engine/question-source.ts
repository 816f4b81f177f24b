import { existsSync } from 'node:fs';
import { readQuestions } from '../benchmarks/registry.ts';
import { BoundaryError } from '../base/errors.ts';
import type { Domain, Question } from '../domains/domain.ts';
import type { Policy, QuestionSource } from '../selfplay/context.ts';
import { askedQuestions } from '../run/asked-questions.ts';
import { recordedSteps } from '../run/folder.ts';
import type { SelfPlaySettings } from '../selfplay/settings.ts';
import { beforehandSource, mixtureSource, poolSource, proposerSource } from '../selfplay/sources.ts';
import { log } from './log.ts';

type SourceSettings = Pick<
  SelfPlaySettings,
  | 'pool'
  | 'poolShare'
  | 'labelled'
  | 'labelledShare'
  | 'questionsBeforehand'
  | 'maxPromptTokens'
  | 'maxProposalTokens'
  | 'maxAnswerTokens'
>;

/** Questions of a file that replace the proposer's for a share of each step. */
export interface QuestionFile {
  path: string;
  /** Of a step's questions, in (0, 1]. */
  share: number;
  /** Their truth is known and answers are graded by it. */
  labelled: boolean;
  questions: readonly Question[];
}

/**
 * The files that the settings name. Needs no model, so that a wrong file is told of before one is loaded. Throws
 * BoundaryError('usage') for files that cannot be used, for shares that add up to more than 1, and for files beside
 * questions made beforehand.
 */
export async function readQuestionFiles(settings: SourceSettings, domain: Domain): Promise<QuestionFile[]> {
  const files = [
    { name: 'pool', path: settings.pool, share: settings.poolShare, labelled: false },
    { name: 'labelled', path: settings.labelled, share: settings.labelledShare, labelled: true },
  ].filter(({ path, share }) => path !== '' && share > 0);
  const [file] = files;
  if (file && settings.questionsBeforehand > 0) {
    throw new BoundaryError(
      'usage',
      `questionsBeforehand trains on the run's own questions alone, and ${file.name} names a file.`,
      `Leave ${file.name} away, or set questionsBeforehand=0.`,
    );
  }
  const total = sharesOf(files);
  if (total > 1) {
    throw new BoundaryError(
      'usage',
      `poolShare and labelledShare add up to ${Number(total.toFixed(4))}, more than the whole step.`,
      'Lower one of them, such as --set poolShare=0.9.',
    );
  }
  return Promise.all(
    files.map(async ({ name, ...file }) => {
      if (!existsSync(file.path)) {
        throw new BoundaryError(
          'usage',
          `There is no file ${file.path}, which the setting ${name} names.`,
          `Give a JSONL file of questions: --set ${name}=FILE.`,
        );
      }
      const questions = await readQuestions(file.path, domain);
      if (file.labelled) {
        assertTruth(file.path, questions, domain);
      }
      return { ...file, questions };
    }),
  );
}

/** Throws BoundaryError('usage') for a run that would end before its first update. */
export function assertTrains({ questionsBeforehand: asking }: SourceSettings, steps: number): void {
  if (asking > 0 && steps <= asking) {
    throw new BoundaryError(
      'usage',
      `The first ${asking} steps only make questions (questionsBeforehand), and the run has ${steps}: nothing would be trained.`,
      `Give more than ${asking} steps, or lower questionsBeforehand.`,
    );
  }
}

/**
 * What the steps before training left to train on. Throws BoundaryError('usage') where that is nothing.
 */
export function questionsBeforehand(
  runDir: string,
  { questionsBeforehand: steps }: SourceSettings,
  domain: Domain,
): Question[] {
  const asked = askedQuestions(
    runDir,
    recordedSteps(runDir).filter((step) => step <= steps),
  );
  const taught = asked.filter(({ isPartlySolved }) => isPartlySolved);
  if (taught.length === 0) {
    throw new BoundaryError(
      'usage',
      `None of the ${asked.length} questions of the first ${steps} steps was solved by some answers and not by others: there is nothing to train on.`,
      'Begin another run with a higher questionsBeforehand, more answersPerQuestion, another topic or a larger model.',
    );
  }
  log(`${taught.length} of ${asked.length} questions of the first ${steps} steps are trained on`);
  return taught.map(({ id, statement, content }) => ({ id, statement, content: domain.content.parse(content) }));
}

const sharesOf = (files: readonly { share: number }[]): number => files.reduce((sum, { share }) => sum + share, 0);

/** Answers to a question whose truth nobody knows would count for nothing. */
function assertTruth(path: string, questions: readonly Question[], domain: Domain): void {
  const unknown = questions.filter((question) => domain.knowsTruth?.(question) === false);
  if (unknown.length > 0) {
    throw new BoundaryError(
      'usage',
      `${unknown.length} questions of ${path} have no known answer, such as ${unknown[0]?.id}.`,
      'Give each line an answer, or name the file with --set pool=FILE, by which answers are rewarded as in self-play.',
    );
  }
}

/**
 * Where the questions of a run come from, by its settings: the proposer, and `files` that replace it for a share of each
 * step; or those that its first steps left to train on, which `collected` gives. Throws BoundaryError('usage') for
 * questions and proposer prompts that are too long (the topic is part of them).
 */
export async function createSource(
  settings: SourceSettings,
  domain: Domain,
  countTokens: Policy['countTokens'],
  { files, collected }: { files: readonly QuestionFile[]; collected: () => readonly Question[] },
): Promise<QuestionSource> {
  const total = sharesOf(files);
  if (total < 1) {
    await assertProposerFits(settings, domain, countTokens);
  }
  if (settings.questionsBeforehand > 0) {
    return beforehandSource(settings.questionsBeforehand, collected);
  }
  if (files.length === 0) {
    return proposerSource;
  }
  for (const { path, questions } of files) {
    await assertShort(path, questions, { domain, countTokens, most: settings.maxPromptTokens });
  }
  const pools = files.map(({ questions, labelled, share }) => poolSource(questions, { labelled, share }));
  return mixtureSource(pools, total);
}

/** Variants of the proposer's prompt whose length is looked at before a run begins. */
const checkedVariants = 32;

async function assertProposerFits(
  { maxPromptTokens, maxProposalTokens, maxAnswerTokens }: SourceSettings,
  domain: Domain,
  countTokens: Policy['countTokens'],
): Promise<void> {
  const prompts = Array.from({ length: checkedVariants }, (_, variant) => domain.proposer.prompt(variant));
  const longest = Math.max(...(await countTokens(prompts)));
  const room = maxPromptTokens + Math.max(0, maxAnswerTokens - maxProposalTokens);
  if (longest > room) {
    throw new BoundaryError(
      'usage',
      `The prompts of the proposer have up to ${longest} tokens, and ${room} have room.`,
      `Give a shorter topic, or --set maxPromptTokens=${maxPromptTokens + longest - room}.`,
    );
  }
}

async function assertShort(
  path: string,
  questions: readonly Question[],
  { domain, countTokens, most }: { domain: Domain; countTokens: Policy['countTokens']; most: number },
): Promise<void> {
  const prompts = questions.flatMap((question) =>
    domain.solver.prompts(question).map((prompt) => ({ id: question.id, prompt })),
  );
  const lengths = await countTokens(prompts.map(({ prompt }) => prompt));
  const long = prompts.filter((_, index) => (lengths[index] ?? 0) > most).map(({ id }) => id);
  if (long.length > 0) {
    const names = [...new Set(long)];
    throw new BoundaryError(
      'usage',
      `${names.length} questions of ${path} need prompts of more than ${most} tokens, such as ${names[0]}.`,
      `Raise maxPromptTokens to ${Math.max(...lengths)}, or remove them from the file.`,
    );
  }
}
