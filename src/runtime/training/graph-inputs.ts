import { Tensor } from 'onnxruntime-node';
import { at } from '../../base/arrays.ts';
import type { TrainOptions, TrainSequence } from '../../protocol/runtime.ts';
import type { RopeTables } from '../decoder/rope.ts';
import type { Parameter } from '../decoder/trained.ts';
import type { Tensors } from '../devices/session.ts';
import type { MicroBatch, MicroBatchLayout } from './training-batches.ts';
import { lossColumns, lossScalars } from './training-graph.ts';

/** A sequence with the weight of each of its tokens in the loss of its mini-batch. */
export type WeightedSequence = TrainSequence & { tokenWeight: number };

/** The inputs that say which tokens a micro-batch has and what each of them sees; `rope` covers all of its positions. */
export function batchInputs(
  { tokens, rowBlocks, rows, chunks, promptLength, answerLength }: MicroBatch,
  layout: MicroBatchLayout,
  rope: RopeTables,
  headSize: number,
): Tensors {
  const { prompts, answers } = layout;
  const keyLength = promptLength + answerLength;
  const half = headSize / 2;
  const angles = (table: Float32Array) => {
    const values = new Float32Array(tokens * half);
    layout.positions.forEach((p, i) => values.set(table.subarray(p * half, (p + 1) * half), i * half));
    return new Tensor('float32', values, [tokens, half]);
  };
  return {
    ids: new Tensor('int64', layout.ids, [tokens]),
    rowBlocks: new Tensor('int64', BigInt64Array.of(BigInt(rowBlocks)), [1]),
    cos: angles(rope.cos),
    sin: angles(rope.sin),
    promptRows: new Tensor('int64', layout.promptRows, [prompts, promptLength]),
    answerRows: new Tensor('int64', layout.answerRows, [answers, answerLength]),
    keyRows: new Tensor('int64', layout.keyRows, [answers, keyLength]),
    cells: new Tensor('int64', layout.cells, [tokens]),
    members: new Tensor('float32', layout.members, [prompts, answers]),
    promptMask: new Tensor('float32', layout.promptMask, [1, promptLength, promptLength]),
    answerMask: new Tensor('float32', layout.answerMask, [answers, answerLength, keyLength]),
    rows: new Tensor('int64', layout.rows, [rows]),
    targets: new Tensor('int64', layout.targets, [chunks, rows / chunks, 1]),
  };
}

/** Positions that the tokens of a micro-batch take, from 0 on. */
export function positionsOf({ positions }: MicroBatchLayout): number {
  return positions.reduce((most, position) => Math.max(most, position), 0) + 1;
}

/** The columns of the loss, one number for each response row; rows of padding have weight 0. */
export function lossInputs(
  { rows }: MicroBatch,
  { spans }: MicroBatchLayout,
  sequences: readonly WeightedSequence[],
  options: TrainOptions,
): Tensors {
  const columns = {
    oldLogprobs: new Float32Array(rows),
    refLogprobs: new Float32Array(rows),
    advantages: new Float32Array(rows),
    tokenWeights: new Float32Array(rows),
  } satisfies Record<(typeof lossColumns)[number], Float32Array>;
  for (const { index, first, count } of spans) {
    const { oldLogprobs, refLogprobs, advantage, tokenWeight, importanceWeights } = at(sequences, index);
    columns.oldLogprobs.set(oldLogprobs, first);
    columns.refLogprobs.set(refLogprobs ?? oldLogprobs, first);
    columns.advantages.fill(advantage, first, first + count);
    columns.tokenWeights.fill(tokenWeight, first, first + count);
    importanceWeights?.forEach((weight, i) => (columns.tokenWeights[first + i] = Math.fround(tokenWeight) * weight));
  }
  return {
    ...Object.fromEntries(lossColumns.map((name) => [name, new Tensor('float32', columns[name], [rows, 1])])),
    ...Object.fromEntries(lossScalars.map((name) => [name, new Tensor('float32', Float32Array.of(options[name]), [])])),
  };
}

/** Parameters as inputs of the graph, on their own memory. */
export function parameterInputs(parameters: readonly Parameter[]): Tensors {
  return Object.fromEntries(parameters.map(({ name, shape, data }) => [name, new Tensor('float32', data, shape)]));
}
