import { attach, lastLines, type RunClient } from '../engine/client.ts';
import { BoundaryError, fromErrorRecord } from '../base/errors.ts';
import { shellWord } from '../base/shell.ts';
import type { RunEvent } from '../protocol/control.ts';
import type { Evaluation, RunRecord } from '../protocol/records.ts';
import { readEvaluations, readRun } from '../run/folder.ts';
import { isLive } from '../protocol/run-state.ts';
import { shownState } from '../run/ownership.ts';
import { learnedText } from '../view/comparison.ts';
import { formatPercent } from '../view/format.ts';
import { english } from '../view/translate.ts';
import { visibleText } from '../view/visible-text.ts';
import { solvedText } from '../view/evaluation.ts';
import { byBenchmark } from '../view/evaluations.ts';
import { onInterrupt } from './interrupt.ts';
import { createRunView } from './run-view.ts';
import { createProgressOutput, table } from './terminal.ts';

/**
 * Shows a live run until it ends, then its results. Ctrl-C asks the engine to stop and throws
 * BoundaryError('interrupted'); a second one leaves at once. Returns the exit code.
 */
export async function follow(dir: string, { json }: { json: boolean }): Promise<number> {
  const output = createProgressOutput();
  const interruption = onInterrupt(output);
  try {
    const run = await watchRun(dir, interruption.signal, (begun) => {
      const view = createRunView(begun, output);
      const print = (event: RunEvent): unknown => process.stdout.write(`${JSON.stringify(event)}\n`);
      return json ? { ...view, show: print } : view;
    });
    assertFinished(dir, run, interruption.signal.aborted);
    if (!json) {
      process.stdout.write(`\n${results(readEvaluations(dir), run.best)}\n\n${nextSteps(dir, run)}\n`);
    }
    return 0;
  } finally {
    interruption.dispose();
  }
}

/** What is shown of a live run. */
export interface Watcher {
  show(event: RunEvent): unknown;
  close(): void;
}

/**
 * Watches a live run until its engine has gone, and asks it to stop when `signal` aborts. `open` makes the watcher from
 * the record as it was when attached. Resolves to the record that is left.
 */
export async function watchRun(
  dir: string,
  signal: AbortSignal,
  open: (run: RunRecord) => Watcher,
): Promise<RunRecord> {
  const client = await attachUnlessEnded(dir);
  if (!client) {
    return readRun(dir);
  }
  const watcher = open(client.run);
  client.onEvent((event) => watcher.show(event));
  // The engine may have gone at the same time; its state is read from the folder anyway.
  const stop = (): void => void client.stop().catch(() => undefined);
  signal.addEventListener('abort', stop);
  if (signal.aborted) {
    stop();
  }
  await client.closed;
  signal.removeEventListener('abort', stop);
  watcher.close();
  client.dispose();
  return readRun(dir);
}

/** A client of the run; undefined where it ended before one came, as one does that is wrong from the start. */
async function attachUnlessEnded(dir: string): Promise<RunClient | undefined> {
  try {
    return await attach(dir);
  } catch (error) {
    if (isLive(shownState(readRun(dir)))) {
      throw error;
    }
    return undefined;
  }
}

/** Throws BoundaryError where a run whose engine has gone is not finished: cut off, failed, or stopped (`interrupted`). */
export function assertFinished(dir: string, run: RunRecord, interrupted: boolean): void {
  const state = shownState(run);
  if (state === 'interrupted') {
    throw new BoundaryError(
      'run',
      `The engine ended unexpectedly. Its last words: ${lastLines(dir, 3) || '(none)'}`,
      `Nothing recorded is lost. Continue with \`selfq resume ${shellWord(dir)}\`.`,
    );
  }
  if (run.state === 'failed' && run.error) {
    const remedy = run.error.remedy.replaceAll('resume DIR', `resume ${shellWord(dir)}`);
    throw fromErrorRecord({ boundary: 'run', message: run.error.message, remedy });
  }
  if (interrupted || run.state === 'stopped') {
    throw new BoundaryError(
      'interrupted',
      `Stopped after step ${run.step} of ${run.steps}. The checkpoint is safe in ${dir}.`,
      `Continue with \`selfq resume ${shellWord(dir)}\`.`,
    );
  }
}

/** The table before/after: on each benchmark the first evaluation and that of the best checkpoint, else the last. */
export function results(evaluations: readonly Evaluation[], best: RunRecord['best']): string {
  const rows = [...byBenchmark(evaluations)].flatMap(([title, all]) => {
    const first = all[0];
    const after = all.find(({ step }) => step === best?.step) ?? all.at(-1);
    return first && after && first !== after ? [resultRow(title, first), resultRow(title, after)] : [];
  });
  if (rows.length === 0) {
    return 'There is no evaluation before and after to compare.';
  }
  const learned = learnedText(english, evaluations, best);
  return [
    table([['held-out problems', 'after step', 'solved', '95 % interval', 'mean score'], ...rows]),
    ...(best ? [choiceText(best)] : []),
    ...(learned === undefined ? [] : [`Did it learn? ${learned}`]),
  ].join('\n');
}

/** How the checkpoint was chosen that the result is of. */
function choiceText({ step, accuracy, split }: NonNullable<RunRecord['best']>): string {
  return split === 'test'
    ? `Step ${step} is the best of all evaluated steps on the test questions themselves, as in the paper: its figure is too high by that choice.`
    : `The checkpoint of step ${step} did best on the validation questions (${formatPercent(accuracy)}).`;
}

function resultRow(title: string, evaluation: Evaluation): string[] {
  const { step, solved, total, samples, accuracy, interval, meanScore } = evaluation;
  return [
    visibleText(title),
    step === 0 ? '0 (before)' : String(step),
    samples === 1 ? `${solved} of ${total} (${formatPercent(accuracy)})` : solvedText(english, evaluation),
    interval.map(formatPercent).join(' to '),
    meanScore.toFixed(3),
  ];
}

function nextSteps(dir: string, run: RunRecord): string {
  const { best, config } = run;
  const step = best && best.step !== run.step ? ` --step ${best.step}` : '';
  return [
    `The run lies in ${dir}. Next:`,
    `  selfq export ${shellWord(dir)} --format peft${step}       the adapter, for PEFT and transformers`,
    `  selfq export ${shellWord(dir)} --format dataset    the problems and answers`,
    `  selfq resume ${shellWord(dir)} --steps ${2 * run.steps}      continue the training`,
    // docs/results.md: no gain of the other sizes could be told from chance.
    ...(config['domain'] === 'coding' && config['questionsBeforehand'] === 0
      ? ['  selfq run --preset laptop      an hour or two: the size that was seen to gain at coding']
      : []),
  ].join('\n');
}
