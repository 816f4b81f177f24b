import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lazily } from '../base/lazy.ts';
import { optional } from '../base/optional.ts';
import type { Question } from '../domains/domain.ts';
import { openDomain } from '../domains/registry.ts';
import { assertUnchanged, readDomainFile } from '../domains/user/folder.ts';
import { splitByFile } from '../domains/workspace/held-out.ts';
import { cacheDir } from '../base/cache-dir.ts';
import { resolveStored } from '../config/stored.ts';
import type { Config } from '../config/tables.ts';
import { assertExpected, assertReady, baseModelName, type ChosenModel, chooseModel } from '../model/installed.ts';
import type { RunEvent } from '../protocol/control.ts';
import { BoundaryError, toErrorRecord } from '../base/errors.ts';
import { shellWord } from '../base/shell.ts';
import { type RunRecord, runFolderVersion } from '../protocol/records.ts';
import type { Progress } from '../protocol/runtime.ts';
import type { Stage } from '../protocol/stages.ts';
import { latestCheckpoint } from '../run/checkpoint.ts';
import { createStopwatch, type Stopwatch } from '../run/estimate.ts';
import { makeRunFolders, readMetrics, readRun, recordedSteps, stepName, truncateToStep } from '../run/folder.ts';
import { assertTrainedHere, type Claim, claimRun, heartbeatMs, ownIdentity } from '../run/ownership.ts';
import { createSandbox } from '../sandbox/host/pool.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { createRuntimeOwner, type RuntimeOwner } from './children.ts';
import { type ControlServer, newToken, serveControl, withoutToken } from './control.ts';
import { newSocketPath, removeDeadSockets, removeSocket } from './socket-path.ts';
import { assertDisk } from './disk.ts';
import { heldOutBenchmark } from './held-out.ts';
import { createHold } from './hold.ts';
import { createGate, type Gate, StopRequested } from './gate.ts';
import { createLiveRun, type LiveRun } from './live-run.ts';
import { log } from './log.ts';
import { type Session, trainLoop } from './loop.ts';
import { loadRequestOf } from './load-request.ts';
import { assertMemory } from './memory.ts';
import { createProgressReporter } from './progress.ts';
import {
  assertTrains,
  createSource,
  type QuestionFile,
  questionsBeforehand,
  readQuestionFiles,
} from './question-source.ts';
import { dequeueFolder } from './queue.ts';
import { foundText, seedsOfRun } from './run-seeds.ts';
import { createRunWhen } from './run-when.ts';
import type { SeedProgress } from './seeds.ts';
import { programVersions } from './versions.ts';

const sandboxAttempts = 4;

/** What an engine is started for. */
export interface EngineOptions {
  dir: string;
  /** Settings of a new run; absent: continue the one in `dir`. */
  config?: Config;
  /** Continue to this number of steps. */
  steps?: number;
  /** Continue although the file of the run's own domain has changed since it began. */
  acceptDomain?: boolean;
  /** Called once the run is owned and the control socket listens. */
  onReady(): void;
}

/**
 * Owns a run from start to end: claims its folder, serves clients, keeps the children alive, runs the loop, and writes
 * down how it ended. Throws only what happens before the run is owned; afterwards a failure is the run's state.
 * Resolves to the state that the run ended in.
 */
export async function runEngine(options: EngineOptions): Promise<RunRecord['state']> {
  const { dir } = options;
  if (!options.config) {
    assertCanContinue(dir);
  }
  makeRunFolders(dir);
  const claim = claimRun(dir);
  void removeDeadSockets();
  try {
    const record = prepareRecord(options);
    const { config, notes } = resolveStored(record.config);
    notes.forEach((note) => log(note));
    assertSameDomain(config);
    const model = chooseModel(config.model, cacheDir());
    await assertReady(model);
    await checkMemory(model, config);
    if (options.config) {
      await assertDisk(model.path, config, dir);
    }
    truncateToStep(dir, latestCheckpoint(dir)?.step ?? 0);
    return await own(options, claim, record, config, model);
  } finally {
    claim.release();
  }
}

/** Throws where the run has a domain of the user's own whose file is gone or has changed; before anything is loaded. */
function assertSameDomain(config: Config): void {
  if (config.domain === 'user') {
    const remedy =
      'Restore that file, or continue with the changed one: `selfq resume DIR --changed-domain`. Nothing was changed.';
    assertUnchanged(readDomainFile(config.domainFolder), config.domainHash, remedy);
  }
}

/** The settings of a run with the hash of its domain's file as it is now. */
function withDomainOfNow(stored: RunRecord['config'], steps: number): RunRecord['config'] {
  if (stored['domain'] !== 'user') {
    return stored;
  }
  const { hash } = readDomainFile(String(stored['domainFolder']));
  if (hash !== stored['domainHash']) {
    log(
      `the domain ${stored['domainName']} has changed after step ${steps}: its file is ${hash.slice(0, 12)} from now on`,
    );
  }
  return { ...stored, domainHash: hash };
}

/** Throws as `assertMemory`; what is short is logged. */
async function checkMemory(model: ChosenModel, config: Config): Promise<void> {
  const memory = await assertMemory(model.path, config, 'run');
  if (memory.verdict !== 'fits') {
    log(`${memory.message}. ${memory.remedy}`);
  }
}

async function own(
  options: EngineOptions,
  claim: Claim,
  record: RunRecord,
  config: Config,
  model: ChosenModel,
): Promise<RunRecord['state']> {
  const gate = createGate();
  const clients: { server?: ControlServer } = {};
  const notify = (event: RunEvent): void => clients.server?.broadcast(event);
  const live = createLiveRun(options.dir, { ...record, model: { ...record.model, path: model.path } }, notify);
  const reporter = createProgressReporter(notify);
  const stop = (): void => requestStop(gate, live);
  const server = await serveControl(live.record.engine.socket, live.record.engine.token, {
    // A run that waits is in no stage, whatever it did before.
    status: () => ({
      run: withoutToken(live.record),
      ...(reporter.last && !live.record.held ? { last: reporter.last } : {}),
    }),
    pause: () => gate.pause(),
    resume: () => gate.open(),
    stop() {
      // A person wants it to end; what a shutdown ends is resumed by the queue.
      dequeueFolder(options.dir);
      stop();
    },
  });
  clients.server = server;
  process.on('SIGTERM', stop).on('SIGINT', stop);
  const heartbeat = setInterval(() => beat(claim, live, stop), heartbeatMs);
  options.onReady();
  try {
    await work(options.dir, config, model, { gate, live, notify, reporter });
    live.finish({ state: 'finished' });
  } catch (error) {
    live.finish(endOf(error, gate));
  } finally {
    clearInterval(heartbeat);
    // Before the clients hear the end: the next engine may come at once.
    claim.release();
    await server.close();
  }
  return live.record.state;
}

interface Tools {
  gate: Gate;
  live: LiveRun;
  notify(event: RunEvent): void;
  reporter: ReturnType<typeof createProgressReporter>;
}

/** Starts the children, runs the loop, ends the children. */
async function work(dir: string, config: Config, model: ChosenModel, tools: Tools): Promise<void> {
  const { gate, live, reporter } = tools;
  const stopwatch = createStopwatch(config, cacheDir());
  const notify = (event: RunEvent): void => {
    time(stopwatch, event);
    tools.notify(event);
  };
  const runtime = createRuntimeOwner({
    load: loadRequestOf(config, { modelPath: model.path, cacheDir: cacheDir() }),
    onProgress: (progress: Progress) => reporter.progress(progress),
    onRestart(stage, message) {
      log(`the runtime died in stage ${stage} and is started again: ${message}`);
      live.update({ restarts: live.record.restarts + 1 });
      notify({ type: 'restart', child: 'runtime', stage, message });
    },
  });
  const workers = config.sandboxWorkers || availableParallelism();
  const sandbox = lazily(() => startSandbox(workers, gate));
  const untilAllowed = createHold(live, gate, createRunWhen(config.runWhen));
  try {
    // A run that has to wait does so before it takes memory.
    await untilAllowed();
    const seeds = await seedsOf(dir, config, tools, () => sandbox.get());
    const domainTools = { sandbox: () => sandbox.get(), base: runtime.base, seeds: seeds.shown };
    // Before the model is loaded, which takes long: what is wrong here can be told at once.
    const domain = await gate.race(openDomain(config, domainTools));
    const files = await readQuestionFiles(config, domain);
    assertTrains(config, live.record.steps);
    files.forEach((file) => log(describeFile(file, config)));
    reporter.enter(live.record.step, 'load');
    const loading = performance.now();
    await gate.race(runtime.stage('load', () => Promise.resolve()));
    remember(() => stopwatch.loaded((performance.now() - loading) / 1000));
    const { loaded } = runtime;
    const known = live.record.model.hash;
    assertExpected(model, loaded.modelHash, known === '' ? undefined : known);
    const { precisions } = loaded;
    live.update({ model: { ...live.record.model, hash: loaded.modelHash }, precisions });
    if (precisions.reason !== undefined) {
      log(precisions.reason);
      await checkMemory(model, { ...config, ...precisions });
    }
    const baseModel = await baseModelName(model);
    const collected = (): Question[] => questionsBeforehand(dir, config, domain);
    const source = await createSource(config, domain, runtime.policy.countTokens, { files, collected });
    const session = {
      dir,
      config,
      baseModel,
      domain,
      source,
      live,
      notify,
      runtime,
      ...stagesOf(tools, runtime, untilAllowed),
    };
    const ownBenchmark = await session.stage(live.record.step, 'evaluate', () =>
      heldOutBenchmark(dir, config, seeds.heldOut, domainTools),
    );
    await trainLoop({ ...session, ...optional('ownBenchmark', ownBenchmark) });
  } finally {
    await runtime.close();
    await sandbox.close();
  }
}

/** Notes how long what has just been recorded took. */
function time(stopwatch: Stopwatch, event: RunEvent): void {
  if (event.type === 'metrics') {
    remember(() => stopwatch.step(event.metrics));
  } else if (event.type === 'evaluation') {
    remember(() => stopwatch.evaluation(event.evaluation));
  }
}

/** Later estimates are not worth a run: a cache folder that cannot be written is logged. */
function remember(write: () => void): void {
  try {
    write();
  } catch (error) {
    log(`how long this took is not kept: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Functions of the person's own code that the run is about, where its domain is about such. */
async function seedsOf(
  dir: string,
  config: Config,
  { gate, live, reporter }: Tools,
  sandbox: () => Promise<Sandbox>,
): Promise<ReturnType<typeof splitByFile>> {
  if (config.domain !== 'workspace') {
    return { shown: [], heldOut: [] };
  }
  reporter.enter(live.record.step, 'search');
  const abort = new AbortController();
  const onProgress = ({ stage, done, total, found }: SeedProgress): void =>
    reporter.report(done, total, stage === 'reading' ? `${found} functions` : `${found} of them can be used`);
  try {
    const tools = { sandbox: await sandbox(), onProgress, signal: abort.signal };
    const report = await gate.race(seedsOfRun(dir, config, tools));
    const text = foundText(report);
    log(text);
    reporter.report(1, 1, text);
    return splitByFile(report.seeds, config.heldOutShare);
  } finally {
    abort.abort();
  }
}

/** How much of each step a file of questions makes. */
function describeFile({ path, questions, share, labelled }: QuestionFile, config: Config): string {
  const count = Number((config.proposerPrompts * config.proposalsPerPrompt * share).toFixed(2));
  return `${count} questions a step come from ${path}, which has ${questions.length}${labelled ? ', graded by their known answers' : ''}`;
}

/** A machine that is very busy can make the sandbox fail its own check at the start: try again. */
async function startSandbox(workers: number, gate: Gate): Promise<Sandbox> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await gate.race(createSandbox({ workers }));
    } catch (error) {
      if (!(error instanceof BoundaryError) || error.boundary !== 'sandbox' || attempt === sandboxAttempts) {
        throw error;
      }
      log(`the sandbox is started again: ${error.message}`);
      await gate.race(sleep(1_000 * attempt));
    }
  }
}

/** Stages with a gate in front, announced, timed, and run again where the runtime died. */
function stagesOf(
  { gate, live, reporter }: Tools,
  runtime: RuntimeOwner,
  untilAllowed: () => Promise<void>,
): Pick<Session, 'stage' | 'seconds'> {
  let seconds: Record<string, number> = {};
  let secondsOf = -1;
  return {
    seconds: () => ({ ...seconds }),
    async stage<T>(step: number, stage: Stage, action: () => Promise<T>): Promise<T> {
      await gate.pass((held) => live.update({ state: held ? 'paused' : gate.stopping ? 'stopping' : 'running' }));
      await untilAllowed();
      if (step !== secondsOf) {
        seconds = {};
        secondsOf = step;
      }
      reporter.enter(step, stage);
      const started = performance.now();
      try {
        return await gate.race(runtime.stage(stage, action));
      } finally {
        seconds[stage] = (seconds[stage] ?? 0) + (performance.now() - started) / 1000;
      }
    },
  };
}

/** The record of a new run, or that of the folder with this process as its new owner. */
function prepareRecord({ dir, config, steps, acceptDomain }: EngineOptions): RunRecord {
  const engine = { ...ownIdentity(), token: newToken(), socket: newSocketPath() };
  if (config) {
    assertEmpty(dir);
    return {
      version: runFolderVersion,
      id: basename(dir),
      state: 'starting',
      config: { ...config },
      model: { id: config.model, path: '', hash: '' },
      versions: programVersions(),
      createdAt: new Date().toISOString(),
      step: 0,
      steps: config.steps,
      engine,
      restarts: 0,
      alarms: [],
    };
  }
  const { error: _, ...run } = readRun(dir);
  assertTrainedHere(dir, run);
  removeSocket(run.engine.socket);
  const step = latestCheckpoint(dir)?.step ?? 0;
  const goal = steps ?? run.steps;
  // A run that was cut off in its last evaluation has done its steps and is not finished.
  if (run.state === 'finished' && step >= goal) {
    throw new BoundaryError(
      'usage',
      `The run in ${dir} has done its ${step} steps.`,
      `Continue it with \`selfq resume ${shellWord(dir)} --steps ${step + run.steps}\`.`,
    );
  }
  const settings = acceptDomain === true ? withDomainOfNow(run.config, step) : run.config;
  return {
    ...run,
    held: null,
    config: settings,
    state: 'starting',
    versions: programVersions(),
    step,
    steps: goal,
    engine,
  };
}

/**
 * Throws BoundaryError('run') where steps are recorded and there is no checkpoint to continue from: to begin again would
 * drop them.
 */
function assertCanContinue(dir: string): void {
  const run = readRun(dir);
  const recorded = Math.max(run.step, ...recordedSteps(dir), ...readMetrics(dir).map(({ step }) => step));
  const checkpoint = latestCheckpoint(dir);
  if (recorded > 0 && !checkpoint) {
    throw new BoundaryError(
      'run',
      `${dir} has the records of ${recorded} steps and no checkpoint to continue from.`,
      'Bring its folder checkpoints back from where the run was copied, or begin a new run with `selfq run`. Nothing was changed.',
    );
  }
  if (checkpoint && checkpoint.step < run.step) {
    throw new BoundaryError(
      'run',
      `${dir} has done ${run.step} steps, and its last checkpoint is that of step ${checkpoint.step}.`,
      `Bring checkpoints/${stepName(run.step)} back, or set "step" in run.json to ${checkpoint.step} to give up the later steps. Nothing was changed.`,
    );
  }
}

function assertEmpty(dir: string): void {
  let run: RunRecord;
  try {
    run = readRun(dir);
  } catch (error) {
    if (error instanceof BoundaryError && error.message.includes('is not the folder of a run')) {
      return;
    }
    throw error;
  }
  throw new BoundaryError(
    'run',
    `${dir} already holds the run ${run.id}.`,
    `Continue it with \`selfq resume ${shellWord(dir)}\`, or choose another folder with --out.`,
  );
}

function requestStop(gate: Gate, live: LiveRun): void {
  if (!gate.stopping) {
    live.update({ state: 'stopping' });
    gate.stop();
  }
}

/** An engine that lost its folder to another one must not write there any more. */
function beat(claim: Claim, live: LiveRun, stop: () => void): void {
  if (claim.holds()) {
    live.beat();
    return;
  }
  log('the run folder belongs to another engine now, or is gone');
  stop();
}

function endOf(error: unknown, gate: Gate): Partial<RunRecord> {
  if (error instanceof StopRequested || gate.stopping) {
    return { state: 'stopped' };
  }
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const remedy = 'Continue with `selfq resume DIR`; engine.log in the run folder says more.';
  return { state: 'failed', error: toErrorRecord(error, 'run', remedy) };
}
