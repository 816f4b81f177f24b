import { readQuestions } from '../benchmarks/registry.ts';
import { BoundaryError } from '../base/errors.ts';
import type { Domain, Question } from '../domains/domain.ts';
import type { Policy, QuestionSource } from '../selfplay/context.ts';
import type { SelfPlaySettings } from '../selfplay/settings.ts';
import { mixtureSource, poolSource, proposerSource } from '../selfplay/sources.ts';

type SourceSettings = Pick<
  SelfPlaySettings,
  'pool' | 'poolShare' | 'labelled' | 'labelledShare' | 'maxPromptTokens' | 'maxProposalTokens' | 'maxAnswerTokens'
>;

/**
 * Where the questions of a run come from, by its settings: the proposer, and files that replace it for a share of each
 * step. Throws BoundaryError('usage') for files that cannot be used, questions and proposer prompts that are too long (the
 * topic is part of them), and shares that add up to more than 1.
 */
export async function createSource(
  settings: SourceSettings,
  domain: Domain,
  countTokens: Policy['countTokens'],
): Promise<QuestionSource> {
  const files = [
    { path: settings.pool, share: settings.poolShare, labelled: false },
    { path: settings.labelled, share: settings.labelledShare, labelled: true },
  ].filter(({ path, share }) => path !== '' && share > 0);
  const total = files.reduce((sum, { share }) => sum + share, 0);
  if (total > 1) {
    throw new BoundaryError(
      'usage',
      `poolShare and labelledShare add up to ${Number(total.toFixed(4))}, more than the whole step.`,
      'Lower one of them, such as --set poolShare=0.9.',
    );
  }
  if (total < 1) {
    await assertProposerFits(settings, domain, countTokens);
  }
  if (files.length === 0) {
    return proposerSource;
  }
  const pools = await Promise.all(
    files.map(async ({ path, share, labelled }) => {
      const questions = await readQuestions(path, domain);
      await assertShort(path, questions, { domain, countTokens, most: settings.maxPromptTokens });
      return poolSource(questions, { labelled, share });
    }),
  );
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
