import { join } from 'node:path';
import protobuf from 'protobufjs/light.js';
import { makeFolderSync } from '../../base/make-folder.ts';
import type { Evaluation, RoleMetrics, StepMetrics } from '../../protocol/records.ts';
import { explainFileError, writeFileAtomic } from '../../base/files.ts';
import { readEvaluations, readMetrics, readRun } from '../folder.ts';
import { encodeRecord } from './tfrecord.ts';

/** One point of a curve. */
export interface Scalar {
  tag: string;
  step: number;
  value: number;
}

/** Points that were measured at one time, ISO. */
export interface ScalarGroup {
  time: string;
  step: number;
  scalars: readonly Scalar[];
}

/**
 * Writes the curves of a run as an event file, `<out>/<run id>/events.out.tfevents.*`, so that
 * `tensorboard --logdir <out>` shows every run exported there under its name. Exporting again replaces the file.
 * Returns the number of points.
 */
export function exportTensorboard(runDir: string, out: string): number {
  const run = readRun(runDir);
  const groups = scalarGroups(readMetrics(runDir), readEvaluations(runDir));
  const folder = join(out, run.id);
  const started = Math.floor(Date.parse(run.createdAt) / 1000);
  try {
    makeFolderSync(folder);
  } catch (error) {
    throw explainFileError(error, folder);
  }
  writeFileAtomic(join(folder, `events.out.tfevents.${started}.selfq`), encodeEvents(run.createdAt, groups));
  return groups.reduce((sum, { scalars }) => sum + scalars.length, 0);
}

/** The curves in order of time; what was not measured in a step (null) has no point there. */
export function scalarGroups(metrics: readonly StepMetrics[], evaluations: readonly Evaluation[]): ScalarGroup[] {
  const nameOf = ({ benchmark, split }: Evaluation): string => [benchmark, ...(split ? [split] : [])].join('/');
  const severalParts = new Set(evaluations.map(nameOf)).size > 1;
  const groups = [
    ...metrics.map((line) => groupOf(line.time, line.step, stepFigures(line))),
    ...evaluations.map((evaluation) => {
      const { time, step, accuracy, meanScore } = evaluation;
      const prefix = severalParts ? `eval/${nameOf(evaluation)}` : 'eval';
      return groupOf(time, step, { [`${prefix}/accuracy`]: accuracy, [`${prefix}/mean_score`]: meanScore });
    }),
  ];
  return groups.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

function groupOf(time: string, step: number, figures: Readonly<Record<string, number | null>>): ScalarGroup {
  const scalars = Object.entries(figures).flatMap(([tag, value]) => (value === null ? [] : [{ tag, step, value }]));
  return { time, step, scalars };
}

function stepFigures(line: StepMetrics): Record<string, number | null> {
  return {
    ...roleFigures('solver', line.solver),
    ...roleFigures('proposer', line.proposer),
    'questions/proposals': line.proposals,
    'questions/valid': line.valid,
    'questions/skipped': line.skipped ?? null,
    'questions/diversity': line.diversity,
    ...qualityFigures(line.quality),
    ...prefixed('rejected', line.rejected),
    'labels/accuracy': line.label_accuracy ?? null,
    'labels/rate': line.labelled_rate ?? null,
    'labels/majority_ratio': line.majority_ratio ?? null,
    'labels/form_agreement': line.form_agreement ?? null,
    'labels/answer_accuracy': line.answer_accuracy ?? null,
    'tests/pass_rate': line.test_pass_rate,
    'tests/solved_rate': line.solved_rate,
    'tests/sandbox_faults': line.sandbox_faults,
    ...prefixed('verdicts', line.verdicts),
    'train/learning_rate': line.learning_rate,
    'train/num_tokens': line.num_tokens,
    ...prefixed('seconds', line.seconds),
    'train/tokens_per_second': line.tokens_per_second,
  };
}

function roleFigures(role: string, metrics: RoleMetrics): Record<string, number | null> {
  // Records of earlier versions lack some figures.
  const figures = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value ?? null]));
  return prefixed(role, figures);
}

function qualityFigures(quality: StepMetrics['quality']): Record<string, number | null> {
  const { unsafe_reasons = {}, ...figures } = quality ?? {};
  return { ...prefixed('questions', figures), ...prefixed('unsafe', unsafe_reasons) };
}

function prefixed<Value>(prefix: string, figures: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [`${prefix}/${name}`, value]));
}

/**
 * The part of tensorboard's event.proto and summary.proto that scalars use.
 * Field numbers: https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto
 */
const eventType = protobuf.Root.fromJSON({
  nested: {
    Value: {
      fields: { tag: { id: 1, type: 'string' }, simpleValue: { id: 2, type: 'float' } },
      // A member of a oneof is written even when it is zero; without it readers would take a zero for no value.
      oneofs: { value: { oneof: ['simpleValue'] } },
    },
    Summary: { fields: { value: { id: 1, type: 'Value', rule: 'repeated' } } },
    Event: {
      fields: {
        wallTime: { id: 1, type: 'double' },
        step: { id: 2, type: 'int64' },
        fileVersion: { id: 3, type: 'string' },
        summary: { id: 5, type: 'Summary' },
      },
    },
  },
}).lookupType('Event');

/** An event file: its version, then one event for each group. */
export function encodeEvents(startedAt: string, groups: readonly ScalarGroup[]): Buffer {
  const events = groups.map(({ time, step, scalars }) => ({
    wallTime: seconds(time),
    step,
    summary: { value: scalars.map(({ tag, value }) => ({ tag, simpleValue: value })) },
  }));
  const version = { wallTime: seconds(startedAt), fileVersion: 'brain.Event:2' };
  return Buffer.concat([version, ...events].map((event) => encodeRecord(eventType.encode(event).finish())));
}

function seconds(time: string): number {
  return Date.parse(time) / 1000;
}
