import { evaluate } from '../benchmarks/evaluate.ts';
import { benchmarkDuringRuns, benchmarkOf } from '../benchmarks/registry.ts';
import type { Domain, Question } from '../domains/domain.ts';
import { createDuplicateIndex, type DuplicateIndex } from '../domains/near-duplicate.ts';
import type { RunEvent } from '../protocol/control.ts';
import type { Evaluation } from '../protocol/records.ts';
import type { Stage } from '../protocol/stages.ts';
import { type Checkpoint, latestCheckpoint, pruneCheckpoints, writeCheckpoint } from '../run/checkpoint.ts';
import {
  appendMetrics,
  readEvaluations,
  readMetrics,
  readStep,
  recordedSteps,
  writeEvaluation,
  writeStep,
} from '../run/folder.ts';
import { type AlarmWatch, createAlarmWatch } from '../selfplay/alarm-watch.ts';
import type { Config } from '../config/tables.ts';
import type { StepContext } from '../selfplay/context.ts';
import type { QuestionSource } from '../selfplay/context.ts';
import { runStep, type StepResult } from '../selfplay/step.ts';
import type { RuntimeOwner } from './children.ts';
import type { LiveRun } from './live-run.ts';
import { log } from './log.ts';

/** All that the loop works with; whoever makes it also ends it. */
export interface Session {
  dir: string;
  config: Config;
  live: LiveRun;
  domain: Domain;
  source: QuestionSource;
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
  const watch = createAlarmWatch(readMetrics(session.dir));
  live.update({ state: 'running', step, alarms: watch.alarms });
  await evaluateIfDue(session, step);
  while (step < live.record.steps) {
    step++;
    const context: StepContext = {
      config,
      duplicates,
      domain: session.domain,
      source: session.source,
      policy: session.runtime.policy,
      notify: (event) => session.notify(event),
      stage: (stage, work) => session.stage(step, stage, work),
      seconds: () => session.seconds(),
    };
    const result = await runStep(context, step);
    await record(session, watch, result);
    await evaluateIfDue(session, step);
  }
}

/** The state of the latest checkpoint; a run that has none gets that of its beginning. */
async function restore(session: Session): Promise<{ step: number; duplicates: DuplicateIndex }> {
  const { dir, runtime } = session;
  const checkpoint = latestCheckpoint(dir);
  if (checkpoint) {
    await session.stage(checkpoint.step, 'load', () => runtime.loadCheckpoint(checkpoint.dir));
  } else {
    await session.stage(0, 'record', () => saveCheckpoint(session, 0));
  }
  return { step: checkpoint?.step ?? 0, duplicates: askedSoFar(session) };
}

/** The questions of all recorded steps; records beyond the checkpoint are gone by now. */
function askedSoFar({ dir, config, domain }: Session): DuplicateIndex {
  const duplicates = createDuplicateIndex(config.nearDuplicate);
  let unreadable = 0;
  for (const step of recordedSteps(dir)) {
    for (const { id, statement, content, origin } of readStep(dir, step, ['question'])) {
      const parsed = domain.content.safeParse(content);
      if (!parsed.success) {
        unreadable++;
      } else if (origin === undefined) {
        const question: Question = { id, statement, content: parsed.data };
        duplicates.add(id, domain.proposer.fingerprint(question));
      }
    }
  }
  if (unreadable > 0) {
    log(`${unreadable} recorded questions are not of today's form: they may be asked again`);
  }
  return duplicates;
}

async function record(session: Session, watch: AlarmWatch, { lines, metrics }: StepResult): Promise<void> {
  const { dir, live } = session;
  const { step } = metrics;
  writeStep(dir, step, lines);
  appendMetrics(dir, metrics);
  await session.stage(step, 'record', () => saveCheckpoint(session, step));
  pruneCheckpoints(dir);
  session.notify({ type: 'metrics', metrics });
  const { alarms, raised, cleared } = watch.observe(metrics);
  raised.forEach(({ name, message }) => session.notify({ type: 'alarm', change: 'raised', step, name, message }));
  cleared.forEach(({ name, message }) => session.notify({ type: 'alarm', change: 'cleared', step, name, message }));
  live.update({ step, alarms });
}

async function saveCheckpoint(session: Session, step: number): Promise<Checkpoint> {
  const { dir, runtime, baseModel } = session;
  const checkpoint = await writeCheckpoint(dir, step, (target) => runtime.saveCheckpoint(target, baseModel));
  runtime.checkpointed(checkpoint.dir);
  return checkpoint;
}

/** Greedy evaluation on the domain's held-out set: before the first step, after the last, and every k-th. */
async function evaluateIfDue(session: Session, step: number): Promise<void> {
  const { config, live, domain, runtime, dir } = session;
  const due = step === 0 || step === live.record.steps || (config.evalEvery > 0 && step % config.evalEvery === 0);
  const row = benchmarkOf(domain.name);
  const isDone = ({ step: at, benchmark }: Evaluation): boolean => at === step && benchmark === row?.name;
  if (!due || !row || readEvaluations(dir).some(isDone)) {
    return;
  }
  const benchmark = await benchmarkDuringRuns(row);
  const { id, hash } = live.record.model;
  const policy = { step, model: id, modelHash: hash, adapter: latestCheckpoint(dir)?.dir ?? null, precision: 'exact' };
  const generate = (requests: Parameters<typeof runtime.policy.generate>[0]) => runtime.policy.generate(requests);
  const evaluation = await session.stage(step, 'evaluate', () =>
    evaluate(benchmark, policy, { domain, generate, maxTokens: config.maxAnswerTokens }),
  );
  writeEvaluation(dir, evaluation);
  session.notify({ type: 'evaluation', evaluation });
}
