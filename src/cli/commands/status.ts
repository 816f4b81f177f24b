import { basename, resolve } from 'node:path';
import { attach, VersionMismatch } from '../../engine/client.ts';
import { queuePlaces } from '../../engine/queue.ts';
import { BoundaryError } from '../../base/errors.ts';
import { shellWord } from '../../base/shell.ts';
import { resolveStored } from '../../config/stored.ts';
import type { RunRecord, StepMetrics } from '../../protocol/records.ts';
import { isLive } from '../../protocol/run-state.ts';
import { readEvaluations, readMetrics, readRun } from '../../run/folder.ts';
import { listRuns, type ListedRun } from '../../run/list.ts';
import { shownState } from '../../run/ownership.ts';
import { lastingAlarms } from '../../view/alarms.ts';
import type { Arguments } from '../arguments.ts';
import { results } from '../follow.ts';
import { describeSubject } from '../run-view.ts';
import { shownProgress, stageText, stateText, stepCount, stepText } from '../../view/progress.ts';
import { domainOfRun } from '../../view/run-name.ts';
import { answerSharesOf, originsOf, qualitySeriesOf, series } from '../../view/series.ts';
import { english } from '../../view/translate.ts';
import { seriesWord } from '../../view/words.ts';
import { labelText, visibleText } from '../../view/visible-text.ts';
import { table } from '../terminal.ts';

/** `selfq status`: one run, or the runs below `runs/`. */
export async function status(args: Arguments): Promise<number> {
  const [dir] = args.positionals;
  if (dir === undefined) {
    showAll(resolve('runs'), args.has('json'));
  } else {
    await showOne(resolve(dir), args.has('json'));
  }
  return 0;
}

function showAll(folder: string, json: boolean): void {
  const runs = listRuns(folder);
  if (json) {
    process.stdout.write(`${JSON.stringify(runs.map(publicForm))}\n`);
    return;
  }
  if (runs.length === 0) {
    process.stdout.write(`There are no runs in ${folder}. Begin one with \`selfq run\`.\n`);
    return;
  }
  const places = queuePlaces();
  const rows = runs.map((listed) => {
    if (!('run' in listed)) {
      return [basename(listed.dir), 'unreadable', '', labelText(listed.problem), ''];
    }
    const { dir, run } = listed;
    const progress = shownProgress({ run, state: shownState(run), queued: places.get(dir) });
    const how = [stateText(english, progress), stepCount(progress)];
    return [basename(dir), ...how, labelText(run.model.id), date(run)];
  });
  process.stdout.write(visibleText(`${table([['run', 'state', 'step', 'model', 'begun'], ...rows])}\n`));
}

async function showOne(dir: string, json: boolean): Promise<void> {
  const run = readRun(dir);
  const metrics = readMetrics(dir);
  const evaluations = readEvaluations(dir);
  const live = await liveStage(dir, run);
  if (json) {
    const figures = { last: metrics.at(-1) ?? null, stage: live ?? null, notes: settingNotes(run) };
    const summary = evaluations.map(({ problems: _, ...evaluation }) => evaluation);
    process.stdout.write(`${JSON.stringify({ ...publicForm({ dir, run }), ...figures, evaluations: summary })}\n`);
    return;
  }
  const progress = shownProgress({ run, state: shownState(run), queued: queuePlaces().get(dir) });
  const stage = live ? `, ${stageText(english, live)}` : '';
  const subject = labelText(describeSubject(domainOfRun(run.config), String(run.config['topic'] ?? '')));
  const lines = [
    `${run.id}: ${stateText(english, progress)}, ${stepText(english, progress)}${stage}`,
    `model ${labelText(run.model.id)}, ${subject}, begun ${date(run)}`,
    ...(run.error
      ? [`error: ${run.error.message}`, run.error.remedy.replaceAll('resume DIR', `resume ${shellWord(dir)}`)]
      : []),
    ...settingNotes(run),
    ...(run.precisions?.reason === undefined ? [] : [run.precisions.reason]),
    ...lastingAlarms(run.alarms).map(({ since, message }) => `alarm since step ${since}: ${message}`),
    ...(shownState(run) === 'interrupted'
      ? [
          run.trainer === undefined
            ? `Its engine is gone. Continue with \`selfq resume ${shellWord(dir)}\`.`
            : `Its trainer, ${run.trainer}, is gone. Start it again where it was launched: it continues.`,
        ]
      : []),
    ...(metrics.length > 0 ? ['', metricsTable(metrics.slice(-10))] : []),
    ...(metrics.slice(-10).some(({ quality }) => quality) ? ['', qualityTable(metrics.slice(-10))] : []),
    ...(evaluations.length > 1 ? ['', results(evaluations, run.best)] : []),
  ];
  process.stdout.write(visibleText(`${lines.join('\n')}\n`));
}

/** How this version reads the settings of an older or newer run differently, or why it cannot. */
function settingNotes(run: RunRecord): string[] {
  try {
    return resolveStored(run.config).notes;
  } catch (error) {
    if (error instanceof BoundaryError) {
      return [`${error.message} ${error.remedy}`];
    }
    throw error;
  }
}

async function liveStage(dir: string, run: RunRecord) {
  if (!isLive(shownState(run))) {
    return undefined;
  }
  try {
    const client = await attach(dir);
    const { last } = await client.status();
    client.dispose();
    return last;
  } catch (error) {
    if (error instanceof VersionMismatch) {
      process.stderr.write(`${error.message} ${error.remedy}\n`);
    }
    // Otherwise it has just ended: the folder says all.
    return undefined;
  }
}

/** Without the token, which lets a process steer the run. */
function publicForm(listed: ListedRun): object {
  if (!('run' in listed)) {
    return listed;
  }
  const { token: _, ...engine } = listed.run.engine;
  return { dir: listed.dir, ...listed.run, state: shownState(listed.run), engine };
}

/** "12/24" of its proposals became questions, "+ 5 given" by files. */
function questionsText(line: StepMetrics): string {
  const { accepted, given } = originsOf(line);
  return given > 0 ? `${accepted}/${line.proposals} + ${given} given` : `${accepted}/${line.proposals}`;
}

function metricsTable(metrics: readonly StepMetrics[]): string {
  const figure = (value: number | null | undefined): string => value?.toFixed(3) ?? '–';
  const shares = answerSharesOf(metrics);
  const rows = metrics.map((line) => [
    String(line.step),
    questionsText(line),
    figure(line.solver.reward),
    figure(line.proposer.reward),
    ...shares.map((name) => figure(series[name](line))),
    figure(line.solver.frac_reward_zero_std),
    figure(line.solver.grad_norm),
  ]);
  return table([
    [
      ...['step', 'valid', 'solver reward', 'proposer reward'],
      ...shares.map((name) => seriesWord(english, name)),
      ...['no variance', 'grad norm'],
    ],
    ...rows,
  ]);
}

/** How good the questions are; figures that no step has are no columns. */
function qualityTable(metrics: readonly StepMetrics[]): string {
  const names = qualitySeriesOf(metrics);
  const rows = metrics.map((line) => [
    String(line.step),
    ...names.map((name) => series[name](line)?.toFixed(2) ?? '–'),
  ]);
  return table([['questions of step', ...names.map((name) => seriesWord(english, name))], ...rows]);
}

function date(run: RunRecord): string {
  return run.createdAt.slice(0, 16).replace('T', ' ');
}
