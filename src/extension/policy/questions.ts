import * as vscode from 'vscode';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { optional } from '../../base/optional.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { Prompt } from '../../protocol/runtime.ts';
import { problemOf } from '../../view/domains/coding.ts';
import { titleOf } from '../../view/problem-model.ts';
import type { TrialQuestionPlace } from '../../view/trial-model.ts';
import { labelText } from '../../view/visible-text.ts';
import type { RunEntry } from '../run-store.ts';
import { type Services, runSelfq } from '../services.ts';

/** A question of a run or of a benchmark, as it is put to a model. */
export interface TrialQuestion {
  place: TrialQuestionPlace;
  statement: string;
  prompt: Prompt;
  /** Where its answers are programs that are run. */
  problem?: Problem;
}

/** Lines of `selfq eval --questions`. */
const Asked = z.object({
  id: z.string(),
  statement: z.string(),
  content: z.unknown(),
  prompt: z.object({
    messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
    prefill: z.string().optional(),
  }),
});
type Asked = z.infer<typeof Asked>;

/** Rows of `selfq eval --list --json`. */
const Benchmarks = z.array(z.object({ name: z.string(), description: z.string() }));

/** Steps of a run whose questions are offered. */
const offeredSteps = 10;

/** Asks for a question: of the run's latest steps, or of a benchmark. Undefined when the person leaves it. */
export async function chooseQuestion(services: Services, entry: RunEntry): Promise<TrialQuestion | undefined> {
  const benchmarks = Benchmarks.parse(JSON.parse(await runSelfq(services, ['eval', '--list', '--json'])));
  type Item = vscode.QuickPickItem & { question?: TrialQuestion; benchmark?: string };
  const items: Item[] = [
    { label: vscode.l10n.t('Benchmarks'), kind: vscode.QuickPickItemKind.Separator },
    ...benchmarks.map(({ name, description }) => ({ label: `$(beaker) ${name}`, description, benchmark: name })),
    { label: entry.name, kind: vscode.QuickPickItemKind.Separator },
    ...questionsOfRun(services, entry.dir).map((question) => ({
      label: labelText(question.place.title),
      description: vscode.l10n.t('step {0}', String(question.place.step)),
      question,
    })),
  ];
  const chosen = await ask(items, vscode.l10n.t('Which problem, or of which benchmark?'));
  if (chosen?.benchmark === undefined) {
    return chosen?.question;
  }
  const questions = await questionsOfBenchmark(services, chosen.benchmark);
  const of = questions.map((question) => ({
    ...{ label: labelText(question.place.title), description: labelText(question.place.id), question },
  }));
  return (await ask(of, vscode.l10n.t('Which problem of {0}?', chosen.benchmark)))?.question;
}

/** The question that was chosen before. Throws BoundaryError('usage') where it is there no more. */
export async function questionAt(services: Services, dir: string, place: TrialQuestionPlace): Promise<TrialQuestion> {
  const { id, step, benchmark } = place;
  const all =
    benchmark === undefined
      ? questionsOfStep(services, dir, step ?? 0)
      : await questionsOfBenchmark(services, benchmark);
  const question = all.find((candidate) => candidate.place.id === id);
  if (!question) {
    throw new BoundaryError(
      'usage',
      vscode.l10n.t('The problem {0} is no longer there.', id),
      vscode.l10n.t('Choose another one.'),
    );
  }
  return question;
}

function ask<Item extends vscode.QuickPickItem>(items: Item[], placeHolder: string): Thenable<Item | undefined> {
  const title = vscode.l10n.t('Try the Model');
  return vscode.window.showQuickPick(items, { title, placeHolder, matchOnDescription: true });
}

function questionsOfRun({ store }: Services, dir: string): TrialQuestion[] {
  const steps = store.steps(dir).steps().slice(-offeredSteps).reverse();
  return steps.flatMap((step) => questionsOfStep({ store }, dir, step));
}

function questionsOfStep({ store }: Pick<Services, 'store'>, dir: string, step: number): TrialQuestion[] {
  return store
    .steps(dir)
    .questions(step)
    .flatMap(({ id, statement, content, prompts: [prompt] }) =>
      prompt ? [questionOf({ id, statement, content, prompt }, { step })] : [],
    );
}

async function questionsOfBenchmark(services: Services, benchmark: string): Promise<TrialQuestion[]> {
  const lines = (await runSelfq(services, ['eval', '--benchmark', benchmark, '--questions']))
    .split('\n')
    .filter(Boolean);
  return lines.map((line) => questionOf(Asked.parse(JSON.parse(line)), { benchmark }));
}

function questionOf(
  { id, statement, content, prompt: { messages, prefill } }: Asked,
  where: Pick<TrialQuestionPlace, 'step' | 'benchmark'>,
): TrialQuestion {
  const problem = problemOf(content);
  // An answer that begins with a fence ends with one, as in evaluations.
  const fences = prefill?.includes('```') ? ['```'] : [];
  const stop = [...(problem?.kind === 'assertions' ? problem.stop : []), ...fences];
  return {
    place: { id, title: titleOf(statement), ...where },
    statement,
    prompt: { messages, ...optional('prefill', prefill), ...(stop.length > 0 ? { stop } : {}) },
    ...(problem ? { problem } : {}),
  };
}
