import type { Tape } from '../autodiff.ts';
import { at } from '../../base/arrays.ts';
import { Graph, type Value } from '../graph.ts';
import type { FrozenMatrix } from './linear.ts';

/** The output layer: W [vocabulary, hidden], without a bias, whose rows can be read. */
export interface Head extends FrozenMatrix {
  /** Rows of W: ids [n, 1] -> [n, hidden]. */
  rows(ids: Value): Value;
}

/** The output layer and what is asked of it. */
export interface LogProbabilityOptions {
  /** Makes the head inside of the given graph. It can be trained where it has its matrix as a value. */
  head: (graph: Graph) => Head;
  hidden: number;
  /** Whether a gradient will be asked for. */
  gradients: boolean;
}

/**
 * log softmax(x W^T)[target] in nats, [n, 1], of x [n, hidden] and targets int64 [chunks, n / chunks, 1]. The gradient
 * dx = gradient * (W[target] - softmax W) needs no one-hot matrix of the vocabulary's width, and all of it but the factor
 * is known at once: chunks of rows are computed one after the other, and no logits are kept.
 */
export function logProbability(
  tape: Tape,
  x: Value,
  targets: Value,
  { head, hidden, gradients }: LogProbabilityOptions,
): Value {
  const { graph } = tape;
  const body = new Graph(graph);
  const headOfChunk = head(body);
  const chunk = chunkLogProbability(
    body,
    headOfChunk,
    body.input('chunkOfX', 'float', ['chunk', hidden]),
    body.input('chunkOfTargets', 'int64', ['chunk', 1]),
    gradients,
  );
  body.output('chunkOfLogprobs', chunk.logprobs, 'float', ['chunk', 1]);
  if (chunk.slopes !== undefined) {
    body.output('chunkOfSlopes', chunk.slopes, 'float', ['chunk', hidden]);
  }
  const shape = graph.op('Concat', [graph.op('Shape', [targets], { start: 0, end: 2 }), graph.int64([hidden])], {
    axis: 0,
  });
  const chunks = [graph.op('Reshape', [x, shape]), targets];
  const attributes = { body, num_scan_inputs: chunks.length };
  const scanned = graph.ops('Scan', chunks, attributes, gradients ? 2 : 1);
  const column = graph.op('Reshape', [at(scanned, 0), graph.int64([-1, 1])]);
  const slopes = scanned[1];
  const weight = headOfChunk.values?.weight;
  return tape.record(column, weight === undefined ? [x] : [x, weight], (gradient) => [
    tape.adding(() => {
      if (slopes === undefined) {
        throw new Error('gradients were not asked for');
      }
      return graph.op('Mul', [gradient, graph.op('Reshape', [slopes, graph.int64([-1, hidden])])]);
    }),
    tape.adding(() =>
      headGradient(graph, head, hidden, [...chunks, graph.op('Reshape', [gradient, graph.op('Shape', [targets])])]),
    ),
  ]);
}

/**
 * dW [vocabulary, hidden] = sum over rows of gradient * (one-hot(target) - softmax)^T x, chunk by chunk: the logits are
 * computed again. `chunks`: x, targets and gradients.
 */
function headGradient(graph: Graph, makeHead: (graph: Graph) => Head, hidden: number, chunks: readonly Value[]): Value {
  const body = new Graph(graph);
  const head = makeHead(body);
  const soFar = body.input('soFarOfHead', 'float', ['vocabulary', hidden]);
  const x = body.input('chunkOfRows', 'float', ['chunk', hidden]);
  const targets = body.input('chunkOfTargetIds', 'int64', ['chunk', 1]);
  const gradient = body.input('chunkOfGradients', 'float', ['chunk', 1]);
  const probabilities = body.op('Softmax', [head.forward(x)], { axis: -1 });
  const others = body.op('Mul', [probabilities, body.op('Neg', [gradient])]);
  const chosen = body.op('Add', [body.op('GatherElements', [others, targets], { axis: 1 }), gradient]);
  const slopes = body.op('ScatterElements', [others, targets, chosen], { axis: 1 });
  const ones = { alpha: { float: 1 }, beta: { float: 1 } };
  const sum = body.op('Gemm', [slopes, x, soFar], { transA: 1, ...ones });
  body.output('sumOfHead', sum, 'float', ['vocabulary', hidden]);
  if (!head.values) {
    throw new Error('the output layer cannot be trained');
  }
  const nothing = graph.op('ConstantOfShape', [graph.op('Shape', [head.values.weight])]);
  return graph.op('Scan', [nothing, ...chunks], { body, num_scan_inputs: chunks.length });
}

/** `slopes`: d logprob / d x for each row. */
function chunkLogProbability(graph: Graph, head: Head, x: Value, targets: Value, gradients: boolean) {
  const logits = head.forward(x);
  const probabilities = graph.op('Softmax', [logits], { axis: -1 });
  // log sum exp(logits) = max(logits) - log(max(probabilities)): exact however unlikely the target is.
  const largest = (value: Value) => graph.op('ReduceMax', [value, graph.int64([-1])], { keepdims: 1 });
  const logSum = graph.op('Sub', [largest(logits), graph.op('Log', [largest(probabilities)])]);
  const targetLogits = graph.op('GatherElements', [logits, targets], { axis: 1 });
  const logprobs = graph.op('Sub', [targetLogits, logSum]);
  return gradients
    ? { logprobs, slopes: graph.op('Sub', [head.rows(targets), head.backward(probabilities)]) }
    : { logprobs };
}
