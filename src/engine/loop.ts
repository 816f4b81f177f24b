import type { Question } from '../domains/domain.ts';
import { createDuplicateIndex, type DuplicateIndex } from '../domains/near-duplicate.ts';
import { type Checkpoint, latestCheckpoint, pruneCheckpoints, writeCheckpoint } from '../run/checkpoint.ts';
import { appendMetrics, readMetrics, readStep, recordedSteps, writeStep } from '../run/folder.ts';
import { type AlarmWatch, createAlarmWatch } from '../selfplay/alarm-watch.ts';
import type { StepContext } from '../selfplay/context.ts';
import type { QuestionSource } from '../selfplay/context.ts';
import { runStep, type StepResult } from '../selfplay/step.ts';
import type { RuntimeOwner } from './children.ts';
import { createEvaluations, type EvaluationSession, type RunEvaluations } from './evaluations.ts';
import { log } from './log.ts';

/** All that the loop works with; whoever makes it also ends it. */
export interface Session extends EvaluationSession {
  source: QuestionSource;
  runtime: RuntimeOwner;
  baseModel: string;
  seconds(): Record<string, number>;
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
  const evaluations = await createEvaluations(session);
  await evaluations.after(step);
  while (step < live.record.steps) {
    step++;
    const context: StepContext = {
      config,
      duplicates,
      heldOut: evaluations.heldOut,
      domain: session.domain,
      source: session.source,
      policy: session.runtime.policy,
      notify: (event) => session.notify(event),
      stage: (stage, work) => session.stage(step, stage, work),
      seconds: () => session.seconds(),
    };
    const result = await runStep(context, step);
    await record(session, watch, evaluations, result);
    await evaluations.after(step);
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

async function record(
  session: Session,
  watch: AlarmWatch,
  { best }: RunEvaluations,
  { lines, metrics }: StepResult,
): Promise<void> {
  const { dir, live } = session;
  const { step } = metrics;
  writeStep(dir, step, lines);
  appendMetrics(dir, metrics);
  await session.stage(step, 'record', () => saveCheckpoint(session, step));
  pruneCheckpoints(dir, best?.step);
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
