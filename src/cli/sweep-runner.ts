import { dirname, join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { explainFileError, readNamedIfPresent, writeFileAtomic } from '../base/files.ts';
import { shellWord } from '../base/shell.ts';
import { startEngine } from '../engine/client.ts';
import type { RunEvent } from '../protocol/control.ts';
import type { RunRecord } from '../protocol/records.ts';
import type { SweepDefinition } from '../sweep/definition.ts';
import { resultsMarkdown, withBlock } from '../sweep/document.ts';
import { estimate, estimateText } from '../sweep/estimate.ts';
import type { GridRun } from '../sweep/grid.ts';
import { sweepFigure } from '../sweep/plot.ts';
import { isDone, progressOf, type RunProgress } from '../sweep/progress.ts';
import { readSweep, sweepPaths, writeSweep } from '../sweep/record.ts';
import { factsOf, resultsOf, type RunFacts, type SweepResults } from '../sweep/results.ts';
import { continueRun } from './commands/resume.ts';
import { assertFinished, watchRun, type Watcher } from './follow.ts';
import { createRunView } from './run-view.ts';
import { createSweepEvaluations } from './sweep-evaluations.ts';
import { paint, type ProgressOutput } from './terminal.ts';

/** A sweep and where it happens. */
export interface SweepJob {
  definition: SweepDefinition;
  grid: readonly GridRun[];
  /** Absolute. */
  runsFolder: string;
  /** How the sweep is run again. */
  command: string;
  json: boolean;
  output: ProgressOutput;
}

/** Makes the runs of a sweep. `signal` stops it: the run in progress keeps its last checkpoint. */
export function createSweepRunner(job: SweepJob, signal: AbortSignal = new AbortController().signal) {
  const { definition, grid, runsFolder, command, output } = job;
  const paths = sweepPaths(runsFolder, definition.name);
  const evaluations = createSweepEvaluations(definition.evaluate, paths.evaluations, output);

  function facts(): RunFacts[] {
    const failures = readSweep(runsFolder, definition.name)?.failures ?? {};
    return progressOf(grid, runsFolder).map((progress) =>
      factsOf(progress, { extra: evaluations.of(progress), problem: failures[progress.run.name] }),
    );
  }

  const results = (): SweepResults => resultsOf({ name: definition.name, command, base: baseOf(definition) }, facts());

  /** Table, figure and document as of now. */
  function save(): void {
    const found = results();
    const svg = sweepFigure(found);
    writeFileAtomic(paths.figures, `${JSON.stringify(found, null, 2)}\n`);
    writeFileAtomic(paths.figure, svg);
    writeFileAtomic(paths.table, `${resultsMarkdown(found, 'results.svg')}\n`);
    if (definition.document !== undefined) {
      writeDocument(definition.document, found, svg);
    }
  }

  function note(name: string, problem: string | undefined): void {
    const record = readSweep(runsFolder, definition.name);
    if (record) {
      const { [name]: _, ...others } = record.failures;
      writeSweep(runsFolder, { ...record, failures: problem === undefined ? others : { ...others, [name]: problem } });
    }
  }

  /** From wherever a run is to its end. */
  async function finish(progress: RunProgress): Promise<void> {
    await evaluations.before(progress, signal);
    if (!isDone(progress)) {
      await start(progress);
      assertFinished(progress.dir, await watch(progress, signal), signal.aborted);
    }
    await evaluations.after(progress, signal);
  }

  async function start({ run, dir, record, state }: RunProgress): Promise<void> {
    if (state === 'stopping') {
      await watchRun(dir, signal, () => ({ show: () => undefined, close: () => undefined }));
    }
    await (record ? continueRun(dir) : startEngine(dir, { config: run.config }));
  }

  const watch = ({ run, dir }: RunProgress, until: AbortSignal): Promise<RunRecord> =>
    watchRun(dir, until, (begun) => watcherOf(run, begun));

  function watcherOf(run: GridRun, begun: RunRecord): Watcher {
    const view = createRunView(begun, output, undefined, { brief: true });
    const print = (event: RunEvent): unknown =>
      process.stdout.write(`${JSON.stringify({ run: run.name, ...event })}\n`);
    return {
      show: (event) => (job.json ? print(event) : view.show(event)),
      close: () => view.close(),
    };
  }

  function assertGoingOn(): void {
    if (signal.aborted) {
      throw interrupted(command);
    }
  }

  /** One run; what fails there is noted, and the sweep continues with the next. */
  async function attempt(progress: RunProgress): Promise<void> {
    try {
      await finish(progress);
      note(progress.run.name, undefined);
    } catch (error) {
      assertGoingOn();
      if (!(error instanceof BoundaryError)) {
        throw error;
      }
      // Somebody stopped this run from elsewhere: then the sweep is not to start the next one.
      if (error.boundary === 'interrupted') {
        throw new BoundaryError('interrupted', `${progress.run.name}: ${error.message}`, continueWith(command));
      }
      note(progress.run.name, error.message);
      output.line(`${paint('red', '✘')} ${progress.run.name}: ${error.message}`);
    }
  }

  return {
    facts,
    results,

    /** All runs that are not done, of some variants alone where they are named. Throws BoundaryError('interrupted'). */
    async run(only: readonly string[]): Promise<void> {
      save();
      const chosen = grid.filter(({ variant }) => only.length === 0 || only.includes(variant));
      for (const [index, { name }] of chosen.entries()) {
        assertGoingOn();
        // Read again: it may have come further in the hours since.
        const progress = progressOf(grid, runsFolder).find(({ run }) => run.name === name);
        if (!progress || (isDone(progress) && evaluations.areDone(progress))) {
          continue;
        }
        const begun = progress.record ? `, from step ${progress.record.step}` : '';
        output.line(paint('bold', `Run ${index + 1} of ${chosen.length}: ${name}${begun}`));
        await attempt(progress);
        save();
        output.line(estimateText(estimate(facts(), definition.evaluate.length)));
      }
      assertGoingOn();
    },

    /** Makes one step of the first run, if no step of the sweep has been made, so that there is something to estimate from. */
    async measure(): Promise<void> {
      const [first] = progressOf(grid, runsFolder);
      if (!first || facts().some(({ metrics }) => metrics.length > 0)) {
        return;
      }
      const measured = new AbortController();
      await start(first);
      await watchRun(first.dir, AbortSignal.any([signal, measured.signal]), (begun) => {
        const watcher = watcherOf(first.run, begun);
        const show = (event: RunEvent): void => {
          watcher.show(event);
          if (event.type === 'metrics') {
            measured.abort();
          }
        };
        return { ...watcher, show };
      });
      assertGoingOn();
    },
  };
}

/** What all runs have in common, as options of `selfq run`. */
function baseOf({ domain, preset, steps, settings }: SweepDefinition): string {
  const own = Object.entries(settings).map(([name, value]) => `--set ${shellWord(`${name}=${value}`)}`);
  return [`--domain ${domain} --preset ${preset} --steps ${steps}`, ...own].join(' ');
}

function writeDocument(path: string, results: SweepResults, svg: string): void {
  const name = `sweep-${results.name}.svg`;
  const document = withBlock(readNamedIfPresent(path) ?? '', results.name, resultsMarkdown(results, name));
  try {
    writeFileAtomic(join(dirname(path), name), svg);
    writeFileAtomic(path, document);
  } catch (error) {
    throw explainFileError(error, path);
  }
}

function interrupted(command: string): BoundaryError {
  return new BoundaryError(
    'interrupted',
    'The sweep was stopped; everything that was recorded is kept.',
    continueWith(command),
  );
}

function continueWith(command: string): string {
  return `Continue with \`${command}\`: finished runs are skipped, the run that was cut off is resumed.`;
}
