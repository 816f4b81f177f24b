import { attach, lastLines, type RunClient } from '../engine/client.ts';
import { BoundaryError, fromErrorRecord } from '../base/errors.ts';
import type { Evaluation, RunRecord } from '../protocol/records.ts';
import { readEvaluations, readRun } from '../run/folder.ts';
import { shownState } from '../run/ownership.ts';
import { changeText, compareEvaluations } from '../view/comparison.ts';
import { asSentence, formatPercent } from '../view/format.ts';
import { english } from '../view/translate.ts';
import { solvedText } from '../view/evaluation.ts';
import { byBenchmark, outcomeOf } from '../view/evaluations.ts';
import { createRunView } from './run-view.ts';
import { createProgressOutput, paint, table } from './terminal.ts';

/**
 * Shows a live run until it ends, then its results. Ctrl-C asks the engine to stop and throws
 * BoundaryError('interrupted'); a second one leaves at once. Returns the exit code.
 */
export async function follow(dir: string, options: { json: boolean }): Promise<number> {
  const client = await attach(dir);
  const output = createProgressOutput();
  const view = createRunView(client.run, output);
  client.onEvent((event) => {
    if (options.json) {
      process.stdout.write(`${JSON.stringify(event)}\n`);
    } else {
      view.show(event);
    }
  });
  const interruption = stopOnSignal(client, () =>
    output.line(paint('yellow', 'Stopping … (Ctrl-C again leaves at once)')),
  );
  await client.closed;
  view.close();
  client.dispose();
  interruption.dispose();
  return conclude(dir, readRun(dir), { ...options, interrupted: interruption.happened() });
}

function stopOnSignal(client: RunClient, tell: () => void): { happened(): boolean; dispose(): void } {
  let happened = false;
  const onSignal = (): void => {
    if (happened) {
      process.exit(130);
    }
    happened = true;
    tell();
    // The engine may have gone in the same moment; its state is read from the folder anyway.
    client.stop().catch(() => undefined);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return {
    happened: () => happened,
    dispose: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal),
  };
}

function conclude(dir: string, run: RunRecord, options: { json: boolean; interrupted: boolean }): number {
  const state = shownState(run);
  if (state === 'interrupted') {
    throw new BoundaryError(
      'run',
      `The engine ended unexpectedly. Its last words: ${lastLines(dir, 3) || '(none)'}`,
      `Nothing recorded is lost. Continue with \`selfq resume ${dir}\`.`,
    );
  }
  if (run.state === 'failed' && run.error) {
    const remedy = run.error.remedy.replaceAll('resume DIR', `resume ${dir}`);
    throw fromErrorRecord({ boundary: 'run', message: run.error.message, remedy });
  }
  if (options.interrupted || run.state === 'stopped') {
    throw new BoundaryError(
      'interrupted',
      `Stopped after step ${run.step} of ${run.steps}. The checkpoint is safe in ${dir}.`,
      `Continue with \`selfq resume ${dir}\`.`,
    );
  }
  if (!options.json) {
    process.stdout.write(`\n${results(readEvaluations(dir), run.best)}\n\n${nextSteps(dir, run)}\n`);
  }
  return 0;
}

/** The table before/after, the first and the last evaluation on each benchmark, and whether anything was learned. */
export function results(evaluations: readonly Evaluation[], best: RunRecord['best']): string {
  const rows = [...byBenchmark(evaluations)].flatMap(([title, all]) => {
    const [first, last] = [all[0], all.at(-1)];
    return first && last && first !== last ? [resultRow(title, first), resultRow(title, last)] : [];
  });
  if (rows.length === 0) {
    return 'There is no evaluation before and after to compare.';
  }
  const outcome = outcomeOf(evaluations, best);
  const change = outcome && compareEvaluations(outcome.before, outcome.after);
  return [
    table([['held-out problems', 'after step', 'solved', '95 % interval', 'mean score'], ...rows]),
    ...(best ? [choiceText(best)] : []),
    ...(change ? [`Did it learn? ${asSentence(changeText(english, change))}`] : []),
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
    title,
    step === 0 ? '0 (before)' : String(step),
    samples === 1 ? `${solved} of ${total} (${formatPercent(accuracy)})` : solvedText(english, evaluation),
    interval.map(formatPercent).join(' to '),
    meanScore.toFixed(3),
  ];
}

function nextSteps(dir: string, run: RunRecord): string {
  const { best } = run;
  const step = best && best.step !== run.step ? ` --step ${best.step}` : '';
  return [
    `The run lies in ${dir}. Next:`,
    `  selfq export ${dir} --format peft${step}       the adapter, for PEFT and transformers`,
    `  selfq export ${dir} --format dataset    the problems and answers`,
    `  selfq resume ${dir} --steps ${2 * run.steps}      go on learning`,
  ].join('\n');
}
