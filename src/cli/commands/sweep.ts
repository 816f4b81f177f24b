import { join, resolve } from 'node:path';
import { makeFolderSync } from '../../base/make-folder.ts';
import { cacheDir } from '../../base/cache-dir.ts';
import { BoundaryError } from '../../base/errors.ts';
import { explainFileError } from '../../base/files.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { shellWord } from '../../base/shell.ts';
import { domainOfBenchmark } from '../../benchmarks/registry.ts';
import { chooseModel } from '../../model/installed.ts';
import { claimRun } from '../../run/ownership.ts';
import { readDefinition, refused, shown, type SweepDefinition } from '../../sweep/definition.ts';
import { estimate, estimateText } from '../../sweep/estimate.ts';
import { gridOf, type GridRun } from '../../sweep/grid.ts';
import { isDone, progressOf, type RunProgress } from '../../sweep/progress.ts';
import { readSweep, sweepPaths, writeSweep } from '../../sweep/record.ts';
import { runRows, variantRows } from '../../sweep/tables.ts';
import { shownProgress, stateText } from '../../view/progress.ts';
import { english } from '../../view/translate.ts';
import { type Arguments, usage } from '../arguments.ts';
import { onInterrupt } from '../interrupt.ts';
import { ensureModel, storedModelName, warnOfMemory } from '../model.ts';
import { createSweepRunner, type SweepJob } from '../sweep-runner.ts';
import { createProgressOutput, table } from '../terminal.ts';

/** `selfq sweep`: the runs of a grid one after another, with their table, figure and document. */
export async function sweep(args: Arguments): Promise<number> {
  assertOneTask(args);
  const job = jobOf(args);
  if (args.has('plan')) {
    showPlan(job, args.has('json'));
    return 0;
  }
  const release = claimSweep(job);
  const interruption = onInterrupt(job.output);
  try {
    begin(job);
    await prepareModels(job.grid);
    const runner = createSweepRunner(job, interruption.signal);
    if (args.has('measure')) {
      await runner.measure();
      showPlan(job, args.has('json'));
      return 0;
    }
    job.output.line(estimateText(estimate(runner.facts(), job.definition.evaluate.length)));
    await runner.run(args.texts('only'));
    return conclude(job, runner, args.has('json'));
  } finally {
    interruption.dispose();
    release();
  }
}

/** A plan is of all runs, and so is the step that is measured. */
function assertOneTask(args: Arguments): void {
  const given = [
    ...['plan', 'measure'].filter((name) => args.has(name)),
    ...(args.texts('only').length > 0 ? ['only'] : []),
  ];
  if (given.length > 1) {
    const options = given.map((name) => `--${name}`).join(' and ');
    throw usage(`${options} do not go together.`, 'Give one of them; --measure ends with the plan.');
  }
}

/** Everything that can be wrong with the file is found before anything is started. */
function jobOf(args: Arguments): SweepJob {
  const [file] = args.positionals;
  if (file === undefined) {
    throw usage('Which sweep?', 'Give its JSON file, such as sweeps/arithmetic-labels.json.');
  }
  const definition = readDefinition(file);
  const grid = gridOf(definition).map((run) => {
    const model = storedModelName(chooseModel(run.config.model, cacheDir()));
    return { ...run, config: { ...run.config, model } };
  });
  assertBenchmarks(definition, file);
  assertVariants(definition, args.texts('only'));
  const runsFolder = resolve(args.text('out') ?? 'runs');
  const out = args.text('out');
  const words = ['sweep', shown(file), ...(out === undefined ? [] : ['--out', out])];
  const command = ['selfq', ...words.map((word) => shellWord(word))].join(' ');
  progressOf(grid, runsFolder);
  return { definition, grid, runsFolder, command, json: args.has('json'), output: createProgressOutput() };
}

function assertBenchmarks({ evaluate, domain }: SweepDefinition, file: string): void {
  for (const { benchmark } of evaluate) {
    const own = domainOfBenchmark(benchmark);
    if (own === undefined && !benchmark.endsWith('.jsonl')) {
      throw refused(file, `there is no benchmark "${benchmark}" (\`selfq eval --list\` has all).`);
    }
    if (own !== undefined && own !== domain) {
      throw refused(file, `the benchmark ${benchmark} is of the domain ${own}, and the sweep is of ${domain}.`);
    }
  }
}

function assertVariants({ variants }: SweepDefinition, wanted: readonly string[]): void {
  const names = Object.keys(variants);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const nearest = nearestName(unknown, names);
    throw usage(
      `The sweep has no variant "${unknown}".`,
      nearest === undefined ? `It has ${names.join(', ')}.` : `Did you mean ${nearest}?`,
    );
  }
}

/** One process works on a sweep at a time; returns how to end that. */
function claimSweep({ runsFolder, definition, command }: SweepJob): () => void {
  const { dir } = sweepPaths(runsFolder, definition.name);
  try {
    makeFolderSync(dir);
  } catch (error) {
    throw explainFileError(error, dir);
  }
  try {
    return claimRun(dir).release;
  } catch (error) {
    if (error instanceof BoundaryError && error.boundary === 'run') {
      const message = `Another process is working on the sweep ${definition.name}.`;
      throw new BoundaryError('run', message, `\`${command} --plan\` shows how far it is.`, { cause: error });
    }
    throw error;
  }
}

/** Writes down which runs the sweep has; says which earlier ones its file no longer names. */
function begin({ runsFolder, definition: { name }, grid, output }: SweepJob): void {
  const earlier = readSweep(runsFolder, name);
  const names = new Set(grid.map((run) => run.name));
  const dropped = (earlier?.runs ?? []).filter((run) => !names.has(run.name)).map((run) => join(runsFolder, run.name));
  if (dropped.length > 0) {
    output.line(`No longer in the file, kept on disk and not in the table: ${dropped.join(', ')}.`);
  }
  const runs = grid.map(({ name: run, variant, seed }) => ({ name: run, variant, seed }));
  const failures = Object.fromEntries(Object.entries(earlier?.failures ?? {}).filter(([run]) => names.has(run)));
  writeSweep(runsFolder, { version: 1, name, runs, failures });
}

/** Fetches the models and says where memory is short, before hours of runs rely on them. */
async function prepareModels(grid: readonly GridRun[]): Promise<void> {
  const byModel = new Map(grid.map(({ config }) => [config.model, config]));
  for (const [name, config] of byModel) {
    await warnOfMemory(await ensureModel(name), config, 'run');
  }
}

function stateOf(one: RunProgress): string {
  const { record, state } = one;
  if (isDone(one)) {
    return 'done';
  }
  return record && state !== 'pending' ? stateText(english, shownProgress({ run: record, state })) : state;
}

function showPlan(job: SweepJob, json: boolean): void {
  const progress = progressOf(job.grid, job.runsFolder);
  const found = estimate(createSweepRunner(job).facts(), job.definition.evaluate.length);
  if (json) {
    const runs = progress.map(({ run, dir, state, record }) => ({
      ...{ name: run.name, variant: run.variant, seed: run.seed, dir, state },
      ...{ step: record?.step ?? 0, steps: run.config.steps },
    }));
    process.stdout.write(`${JSON.stringify({ name: job.definition.name, runs, estimate: found ?? null })}\n`);
    return;
  }
  const rows = progress.map((one) => [
    ...[one.run.name, stateOf(one)],
    `${one.record?.step ?? 0}/${one.run.config.steps}`,
  ]);
  const advice = found ? '' : ` \`${job.command} --measure\` makes that step and ends.`;
  process.stdout.write(`${table([['run', 'state', 'step'], ...rows])}\n\n${estimateText(found)}${advice}\n`);
}

function conclude(job: SweepJob, runner: ReturnType<typeof createSweepRunner>, json: boolean): number {
  const results = runner.results();
  const { figure, table: written } = sweepPaths(job.runsFolder, job.definition.name);
  const files = [written, figure, ...(job.definition.document === undefined ? [] : [job.definition.document])];
  if (json) {
    process.stdout.write(`${JSON.stringify({ type: 'results', ...results, files })}\n`);
  } else {
    const tables = [variantRows(results).map((row) => row.slice(0, -1)), runRows(results)].map((rows) => table(rows));
    process.stdout.write(`\n${tables.join('\n\n')}\n\nTable and figure: ${files.map(shown).join(', ')}\n`);
  }
  return results.rows.some(({ problem, state }) => problem !== undefined || state === 'failed') ? 1 : 0;
}
