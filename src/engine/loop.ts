import { createDuplicateIndex } from '../domains/near-duplicate.ts';
import type { Domain } from '../domains/domain.ts';
import type { RunEvent, Stage } from '../protocol/control.ts';
import {
  type Checkpoint,
  latestCheckpoint,
  pruneCheckpoints,
  readCheckpointState,
  writeCheckpoint,
} from '../run/checkpoint.ts';
import { appendMetrics, readEvaluations, readMetrics, writeEvaluation, writeStep } from '../run/folder.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { findAlarms } from '../selfplay/alarms.ts';
import type { Config } from '../config/tables.ts';
import type { StepContext } from '../selfplay/context.ts';
import { runStep, type StepResult } from '../selfplay/step.ts';
import type { RuntimeOwner } from './children.ts';
import { evaluate, loadBenchmark } from './evaluate.ts';
import type { LiveRun } from './live-run.ts';

/** All that the loop works with; whoever makes it also ends it. */
export interface Session {
  dir: string;
  config: Config;
  live: LiveRun;
  domain: Domain;
  sandbox: Sandbox;
  runtime: RuntimeOwner;
  baseModel: string;
  /** Waits at the gate, announces the stage, runs it, again where a child died, and measures its time. */
  stage<T>(step: number, stage: Stage, work: () => Promise<T>): Promise<T>;
  seconds(): Record<string, number>;
  notify(event: RunEvent): void;
}

/**
 * From the latest checkpoint (or the beginning) to the last step. Each step is recorded before its checkpoint, so that
 * what a checkpoint's step left in the records is always complete; records beyond the latest checkpoint have been
 * dropped before this is called.
 */
export async function trainLoop(session: Session): Promise<void> {
  const { config, live } = session;
  const { step: restored, duplicates } = await restore(session);
  let step = restored;
  live.update({ state: 'running', step });
  await evaluateIfDue(session, step);
  while (step < live.record.steps) {
    step++;
    const context: StepContext = {
      config,
      duplicates,
      domain: session.domain,
      sandbox: session.sandbox,
      policy: session.runtime.policy,
      notify: (event) => session.notify(event),
      stage: (stage, work) => session.stage(step, stage, work),
      seconds: () => session.seconds(),
    };
    const result = await runStep(context, step);
    await record(session, step, result, duplicates);
    await evaluateIfDue(session, step);
  }
}

type Duplicates = ReturnType<typeof createDuplicateIndex>;

/** The state of the latest checkpoint; a run that has none gets that of its beginning. */
async function restore(session: Session): Promise<{ step: number; duplicates: Duplicates }> {
  const { dir, config, runtime } = session;
  const checkpoint = latestCheckpoint(dir);
  if (!checkpoint) {
    const duplicates = createDuplicateIndex(config.nearDuplicate);
    await session.stage(0, 'record', () => saveCheckpoint(session, 0, duplicates));
    return { step: 0, duplicates };
  }
  const state = readCheckpointState(checkpoint);
  await session.stage(checkpoint.step, 'load', () => runtime.loadCheckpoint(checkpoint.dir));
  return { step: checkpoint.step, duplicates: createDuplicateIndex(config.nearDuplicate, state.duplicates) };
}

async function record(session: Session, step: number, result: StepResult, duplicates: Duplicates): Promise<void> {
  const { dir, live } = session;
  writeStep(dir, step, result.lines);
  appendMetrics(dir, result.metrics);
  await session.stage(step, 'record', () => saveCheckpoint(session, step, duplicates));
  pruneCheckpoints(dir);
  session.notify({ type: 'metrics', metrics: result.metrics });
  const alarms = findAlarms(readMetrics(dir)).map((alarm) => ({ step, ...alarm }));
  alarms.forEach((alarm) => session.notify({ type: 'alarm', ...alarm }));
  live.update({ step, alarms: [...live.record.alarms, ...alarms] });
}

async function saveCheckpoint(session: Session, step: number, duplicates: Duplicates): Promise<Checkpoint> {
  const { dir, runtime, baseModel } = session;
  const state = { step, duplicates: duplicates.snapshot() };
  const checkpoint = await writeCheckpoint(dir, state, (target) => runtime.saveCheckpoint(target, baseModel));
  runtime.checkpointed(checkpoint.dir);
  return checkpoint;
}

/** Greedy evaluation on the domain's held-out set: before the first step, after the last, and every k-th. */
async function evaluateIfDue(session: Session, step: number): Promise<void> {
  const { config, live, domain, sandbox, runtime, dir } = session;
  const due = step === 0 || step === live.record.steps || (config.evalEvery > 0 && step % config.evalEvery === 0);
  if (!due || readEvaluations(dir).some((evaluation) => evaluation.step === step)) {
    return;
  }
  const benchmark = await loadBenchmark(domain.name, domain);
  if (benchmark.questions.length === 0) {
    return;
  }
  const { id, hash } = live.record.model;
  const policy = { step, model: id, modelHash: hash, adapter: latestCheckpoint(dir)?.dir ?? null };
  const generate = (requests: Parameters<typeof runtime.policy.generate>[0]) => runtime.policy.generate(requests);
  const evaluation = await session.stage(step, 'evaluate', () =>
    evaluate(benchmark, policy, { domain, sandbox, generate, maxTokens: config.maxAnswerTokens }),
  );
  writeEvaluation(dir, evaluation);
  session.notify({ type: 'evaluation', evaluation });
}
