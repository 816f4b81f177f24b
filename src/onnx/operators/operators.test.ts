import assert from 'node:assert/strict';
import fc from 'fast-check';
import { evaluator, type Feed } from '../../runtime/devices/evaluator.ts';
import { Tape, type CheckpointPolicy } from '../autodiff.ts';
import { Graph, type Value } from '../graph.ts';
import { add } from './add.ts';
import { layOut, planMicroBatches, type MicroBatch } from '../../runtime/training/training-batches.ts';
import { attention, type SharedPrompts } from './attention.ts';
import { embedding } from './embedding.ts';
import { gatherRows } from './gather-rows.ts';
import { exactMatrix, linear } from './linear.ts';
import { logProbability } from './log-probability.ts';
import { policyLoss } from './policy-loss.ts';
import { rmsNorm } from './rms-norm.ts';
import { rotary } from './rotary.ts';
import { siluGate } from './silu-gate.ts';

type Feeds = Record<string, Feed>;

/** Numbers in -1..1 that a seed and a position fix. */
function numbers(seed: number, ...dims: number[]): Feed & { data: Float32Array } {
  const length = dims.reduce((product, size) => product * size, 1);
  return { dims, data: Float32Array.from({ length }, (_, i) => Math.sin(12.9898 * (i + 1) + 78.233 * (seed + 1))) };
}

function integers(dims: number[], values: readonly number[]): Feed {
  return { dims, data: BigInt64Array.from(values, BigInt) };
}

/**
 * Compares the recorded gradients of sum(seed * output) with central differences of fourth order, element by element.
 * Outputs are fp32 and summed in fp64; the step balances rounding (1e-7 / step) against the truncated fifth derivative.
 */
async function checkGradient(
  build: (tape: Tape, inputs: Record<string, Value>) => Value,
  feeds: Feeds,
  trained: string[],
  outputDims: number[],
): Promise<void> {
  const graph = new Graph();
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { dims, data }]) => [
      name,
      graph.input(name, data instanceof Float32Array ? 'float' : 'int64', dims),
    ]),
  );
  const seed = numbers(99, ...outputDims);
  const seedInput = graph.input('seed', 'float', outputDims);
  const tape = new Tape(graph);
  const output = build(tape, inputs);
  const gradients = tape.gradients(output, seedInput, trained);
  graph.output('output', output, 'float', outputDims);
  trained.forEach((name, i) => graph.output(`d_${name}`, gradients[i]!, 'float', feeds[name]!.dims));
  const { run, close } = await evaluator(graph);
  try {
    const analytic = await run({ ...feeds, seed });
    const valueAt = async (name: string, index: number, shift: number): Promise<number> => {
      const data = Float32Array.from(feeds[name]!.data, Number);
      data[index]! += shift;
      const result = await run({ ...feeds, seed, [name]: { dims: feeds[name]!.dims, data } });
      return result['output']!.reduce((sum, y, i) => sum + y * seed.data[i]!, 0);
    };
    for (const name of trained) {
      const expected: number[] = [];
      for (let i = 0; i < feeds[name]!.data.length; i++) {
        const h = 1 / 64;
        const near = (await valueAt(name, i, h)) - (await valueAt(name, i, -h));
        const far = (await valueAt(name, i, 2 * h)) - (await valueAt(name, i, -2 * h));
        expected.push((8 * near - far) / (12 * h));
      }
      const actual = analytic[`d_${name}`]!;
      const scale = Math.max(0.1, ...expected.map(Math.abs));
      expected.forEach((value, i) => {
        const error = Math.abs(actual[i]! - value) / scale;
        assert.ok(error < 5e-4, `d_${name}[${i}] is ${actual[i]}, finite differences give ${value}`);
      });
    }
  } finally {
    await close();
  }
}

/** The inputs of `attention` besides q, k and v; `rows`: how many of them are no padding. */
function sharedPrompts(batch: MicroBatch): { rows: number; layout: Record<keyof SharedPrompts, Feed> } {
  const { promptLength, answerLength, tokens, blocks } = batch;
  const layout = layOut(batch);
  const { prompts, answers } = layout;
  const keyLength = promptLength + answerLength;
  return {
    rows: blocks.reduce((sum, { length }) => sum + length, 0),
    layout: {
      promptRows: { dims: [prompts, promptLength], data: layout.promptRows },
      answerRows: { dims: [answers, answerLength], data: layout.answerRows },
      keyRows: { dims: [answers, keyLength], data: layout.keyRows },
      cells: { dims: [tokens], data: layout.cells },
      members: { dims: [prompts, answers], data: layout.members },
      promptMask: { dims: [1, promptLength, promptLength], data: layout.promptMask },
      answerMask: { dims: [answers, answerLength, keyLength], data: layout.answerMask },
    },
  };
}

function sharedPromptsOf(inputs: Record<string, Value>): SharedPrompts {
  const of = (name: keyof SharedPrompts) => inputs[name]!;
  return {
    promptRows: of('promptRows'),
    answerRows: of('answerRows'),
    keyRows: of('keyRows'),
    cells: of('cells'),
    members: of('members'),
    promptMask: of('promptMask'),
    answerMask: of('answerMask'),
  };
}

/** The first `count` rows, the others getting no gradient. */
function firstRows(tape: Tape, x: Value, count: number, width: number): Value {
  const { graph } = tape;
  const cut = graph.op('Slice', [x, graph.int64([0]), graph.int64([count]), graph.int64([0])]);
  return tape.record(cut, [x], (gradient) => [
    tape.adding(() => {
      const rest = graph.op('Sub', [graph.op('Shape', [x], { start: 0, end: 1 }), graph.int64([count])]);
      const shape = graph.op('Concat', [rest, graph.int64([width])], { axis: 0 });
      return graph.op('Concat', [gradient, graph.op('ConstantOfShape', [shape])], { axis: 0 });
    }),
  ]);
}

const size = (max: number) => fc.integer({ min: 1, max });
const property = <T>(shape: fc.Arbitrary<T>, check: (shape: T) => Promise<void>) =>
  fc.assert(fc.asyncProperty(shape, check), { numRuns: 15 });

describe('operators and their gradients', function () {
  this.timeout(60_000);

  it('add passes its gradient to both sides, twice to one that is added to itself', () =>
    property(fc.record({ rows: size(4), width: size(4) }), async ({ rows, width }) => {
      const feeds = { a: numbers(1, rows, width), b: numbers(2, rows, width) };
      await checkGradient((tape, { a, b }) => add(tape, add(tape, a!, b!), a!), feeds, ['a', 'b'], [rows, width]);
    }));

  it('linear with LoRA agrees for x, A and B, and accumulates where x is used twice', () =>
    property(
      fc.record({ rows: size(4), inputs: size(4), outputs: size(4), rank: size(3) }),
      async ({ rows, inputs, outputs, rank }) => {
        const feeds = {
          x: numbers(1, rows, inputs),
          w: numbers(2, outputs, inputs),
          bias: numbers(3, outputs),
          a: numbers(4, rank, inputs),
          b: numbers(5, outputs, rank),
        };
        await checkGradient(
          (tape, { x, w, bias, a, b }) => {
            const matrix = exactMatrix(tape.graph, w!, bias);
            const once = linear(tape, x!, matrix, { lora: { a: a!, b: b!, scale: 0.75 } });
            return add(tape, once, linear(tape, x!, matrix, { lora: { a: a!, b: b!, scale: -1.5 } }));
          },
          feeds,
          ['x', 'a', 'b'],
          [rows, outputs],
        );
      },
    ));

  it('a part that is computed again agrees, whatever it keeps, also where its parameters are used outside of it', () =>
    property(
      fc.record({
        rows: size(3),
        width: size(4),
        kept: fc.subarray(['projection', 'wide', 'reduced', 'residual', 'term']),
      }),
      async ({ rows, width, kept }) => {
        const feeds = { x: numbers(1, rows, width), a: numbers(2, 2, width), b: numbers(3, width, 2) };
        const policy: CheckpointPolicy = {
          store: (_, value, kind) => (kept.includes(kind) ? [{ value, type: 'float' }] : undefined),
          restore: (_, [value], late) => late(value!),
        };
        await checkGradient(
          (tape, { x, a, b }) => {
            const matrix = exactMatrix(tape.graph, a!);
            const options = { lora: { a: a!, b: b!, scale: 0.5 } };
            const square = { forward: (value: Value) => value, backward: (gradient: Value) => gradient };
            const part = (inner: Tape, input: Value) =>
              add(inner, linear(inner, siluGate(inner, input, input), square, { ...options, kind: 'wide' }), input);
            const once = tape.checkpoint(x!, policy, part);
            return linear(tape, tape.checkpoint(once, policy, part), matrix);
          },
          feeds,
          ['x', 'a', 'b'],
          [rows, 2],
        );
      },
    ));

  it('a part that is computed block by block agrees, alone and inside of one that is computed again', () =>
    property(
      fc.record({
        blocks: size(3),
        rows: size(2),
        width: size(3),
        kept: fc.subarray(['wide', 'reduced', 'term']),
        inside: fc.boolean(),
      }),
      async ({ blocks, rows, width, kept, inside }) => {
        const feeds = { x: numbers(1, blocks * rows, width), a: numbers(2, 2, width), b: numbers(3, width, 2) };
        const policy: CheckpointPolicy = {
          store: (_, value, kind) => (kept.includes(kind) ? [{ value, type: 'float' }] : undefined),
          restore: (_, [value], late) => late(value!),
        };
        await checkGradient(
          (tape, { x, a, b }) => {
            const options = { lora: { a: a!, b: b!, scale: 0.5 } };
            const square = { forward: (value: Value) => value, backward: (gradient: Value) => gradient };
            const row = (inner: Tape, input: Value) =>
              add(inner, linear(inner, siluGate(inner, input, input), square, { ...options, kind: 'wide' }), input);
            const part = (inner: Tape, input: Value) =>
              inner.byRows(row(inner, input), tape.graph.int64([blocks]), policy, row);
            return inside ? tape.checkpoint(x!, policy, part) : part(tape, x!);
          },
          feeds,
          ['x', 'a', 'b'],
          [blocks * rows, width],
        );
      },
    ));

  it('a frozen linear layer passes the gradient through its matrix', () =>
    property(fc.record({ rows: size(4), inputs: size(4), outputs: size(4) }), async ({ rows, inputs, outputs }) => {
      const feeds = { x: numbers(1, rows, inputs), w: numbers(2, outputs, inputs) };
      await checkGradient(
        (tape, { x, w }) => linear(tape, x!, exactMatrix(tape.graph, w!)),
        feeds,
        ['x'],
        [rows, outputs],
      );
    }));

  it('linear without LoRA agrees for x, its matrix and its bias, all used twice', () =>
    property(fc.record({ rows: size(4), inputs: size(4), outputs: size(4) }), async ({ rows, inputs, outputs }) => {
      const feeds = { x: numbers(1, rows, inputs), w: numbers(2, outputs, inputs), bias: numbers(3, outputs) };
      await checkGradient(
        (tape, { x, w, bias }) => {
          const matrix = exactMatrix(tape.graph, w!, bias);
          return add(tape, linear(tape, x!, matrix), linear(tape, add(tape, x!, x!), matrix));
        },
        feeds,
        ['x', 'w', 'bias'],
        [rows, outputs],
      );
    }));

  it('embedding agrees for the table, rows taken several times included', () =>
    property(
      fc.record({ width: size(4), vocabulary: size(5), tokens: fc.array(fc.nat(4), { minLength: 1, maxLength: 9 }) }),
      async ({ width, vocabulary, tokens }) => {
        const picks = tokens.map((token) => token % vocabulary);
        const feeds = { table: numbers(1, vocabulary, width), ids: integers([picks.length], picks) };
        await checkGradient(
          (tape, { table, ids }) => add(tape, embedding(tape, table!, ids!), embedding(tape, table!, ids!)),
          feeds,
          ['table'],
          [picks.length, width],
        );
      },
    ));

  it('rmsNorm agrees', () =>
    property(fc.record({ rows: size(4), width: size(6) }), async ({ rows, width }) => {
      const feeds = { x: numbers(1, rows, width), weight: numbers(2, width) };
      await checkGradient(
        (tape, { x, weight }) => rmsNorm(tape, x!, weight!, 0.1),
        feeds,
        ['x', 'weight'],
        [rows, width],
      );
    }));

  it('siluGate agrees for both sides', () =>
    property(fc.record({ rows: size(4), width: size(5) }), async ({ rows, width }) => {
      const feeds = { gate: numbers(1, rows, width), up: numbers(2, rows, width) };
      await checkGradient((tape, { gate, up }) => siluGate(tape, gate!, up!), feeds, ['gate', 'up'], [rows, width]);
    }));

  it('rotary agrees', () =>
    property(fc.record({ rows: size(4), heads: size(3) }), async ({ rows, heads }) => {
      const angles = Array.from({ length: rows * 4 }, (_, i) => i * 0.7);
      const feeds = {
        x: numbers(1, rows, heads * 8),
        cos: { dims: [rows, 4], data: Float32Array.from(angles, Math.cos) },
        sin: { dims: [rows, 4], data: Float32Array.from(angles, Math.sin) },
      };
      await checkGradient(
        (tape, { x, cos, sin }) => rotary(tape, x!, { cos: cos!, sin: sin! }),
        feeds,
        ['x'],
        [rows, heads * 8],
      );
    }));

  it('attention agrees for q, k and v, with grouped heads and answers that share prompts', () =>
    property(
      fc.record({
        // Tokens of each prompt and of each of its answers.
        prompts: fc.array(
          fc.record({ length: size(3), answers: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }) }),
          {
            minLength: 1,
            maxLength: 2,
          },
        ),
        kvHeads: size(2),
        group: size(2),
        headSize: size(3),
        loops: fc.boolean(),
      }),
      async ({ prompts, kvHeads, group, headSize, loops }) => {
        const heads = kvHeads * group;
        const list = prompts.flatMap(({ length, answers }, prompt) =>
          answers.map((answer) => ({
            promptTokenIds: Array.from({ length }, () => prompt),
            // A completion's last token is no input.
            tokenIds: Array.from({ length: answer + 1 }, () => 1),
          })),
        );
        const [batch] = planMicroBatches(list, 1000, 1000);
        const { rows: used, layout } = sharedPrompts(batch!);
        // Rows of padding have no gradient in a graph; here they would, so they are left out of the seed by a slice.
        const feeds = {
          q: numbers(1, batch!.tokens, heads * headSize),
          k: numbers(2, batch!.tokens, kvHeads * headSize),
          v: numbers(3, batch!.tokens, kvHeads * headSize),
          ...layout,
        };
        await checkGradient(
          (tape, { q, k, v, ...rows }) => {
            const output = attention(tape, q!, k!, v!, sharedPromptsOf(rows), {
              ...{ heads, kvHeads, headSize, loops },
            });
            return firstRows(tape, output, used, heads * headSize);
          },
          feeds,
          ['q', 'k', 'v'],
          [used, heads * headSize],
        );
      },
    ));

  it('attention gives each token what it gives to its sequence alone', async () => {
    const shape = { heads: 2, kvHeads: 1, headSize: 2, loops: true };
    const list = [
      { promptTokenIds: [1, 2, 3], tokenIds: [4, 5, 6] },
      { promptTokenIds: [1, 2, 3], tokenIds: [7, 8] },
      { promptTokenIds: [9], tokenIds: [10, 11, 12, 13] },
    ];
    const attend = async (sequences: typeof list): Promise<Map<string, number[]>> => {
      const [batch] = planMicroBatches(sequences, 1000, 1000);
      const { rows: used, layout } = sharedPrompts(batch!);
      const { ids, positions, spans } = layOut(batch!);
      const graph = new Graph();
      // q, k and v are functions of the token and its position.
      const of = (seed: number, width: number): Feed => ({
        dims: [batch!.tokens, width],
        data: Float32Array.from({ length: batch!.tokens * width }, (_, i) => {
          const row = Math.floor(i / width);
          return Math.sin(seed + 3 * Number(ids[row]) + positions[row]! + 7 * (i % width));
        }),
      });
      const feeds: Feeds = { q: of(1, 4), k: of(2, 2), v: of(3, 2), ...layout };
      const inputs = Object.fromEntries(
        Object.entries(feeds).map(([name, { dims, data }]) => [
          name,
          graph.input(name, data instanceof Float32Array ? 'float' : 'int64', dims),
        ]),
      );
      const { q, k, v, ...rows } = inputs;
      const output = attention(new Tape(graph), q!, k!, v!, sharedPromptsOf(rows), shape);
      graph.output('output', output, 'float', [batch!.tokens, 4]);
      const { run, close } = await evaluator(graph);
      const { output: values } = await run(feeds);
      await close();
      assert.equal(spans.length, sequences.length);
      return new Map(
        Array.from({ length: used }, (_, row) => [
          `${ids[row]} at ${positions[row]}`,
          [...values!.subarray(row * 4, row * 4 + 4)],
        ]),
      );
    };
    const together = await attend(list);
    for (const sequence of list) {
      for (const [token, expected] of await attend([sequence])) {
        together.get(token)!.forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) < 1e-6, `${token}: ${x}`));
      }
    }
    // And the last of them against the definition, in fp64.
    const at = (seed: number, id: number, position: number, i: number) => Math.sin(seed + 3 * id + position + 7 * i);
    const tokens = [9, 10, 11, 12];
    for (const head of [0, 1]) {
      const scores = tokens.map((id, position) =>
        [0, 1].reduce((sum, i) => sum + at(1, 12, 3, 2 * head + i) * at(2, id, position, i), 0),
      );
      const weights = scores.map((score) => Math.exp(score / Math.SQRT2));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (const i of [0, 1]) {
        const expected =
          tokens.reduce((sum, id, position) => sum + weights[position]! * at(3, id, position, i), 0) / total;
        assert.ok(Math.abs(together.get('12 at 3')![2 * head + i]! - expected) < 1e-6);
      }
    }
  });

  it('gatherRows sums the gradients of a row that is taken several times', () =>
    property(
      fc.record({ tokens: size(4), width: size(3), picks: fc.array(fc.nat(99), { minLength: 1, maxLength: 6 }) }),
      async ({ tokens, width, picks }) => {
        const feeds = {
          x: numbers(1, tokens, width),
          rows: integers(
            [picks.length],
            picks.map((pick) => pick % tokens),
          ),
        };
        await checkGradient((tape, { x, rows }) => gatherRows(tape, x!, rows!), feeds, ['x'], [picks.length, width]);
      },
    ));

  it('logProbability agrees for the hidden states and the head', () =>
    property(
      fc.record({ chunks: size(3), chunk: size(2), hidden: size(4), vocabulary: size(6) }),
      async ({ chunks, chunk, hidden, vocabulary }) => {
        const rows = chunks * chunk;
        const feeds = {
          x: numbers(1, rows, hidden),
          w: numbers(2, vocabulary, hidden),
          targets: integers(
            [chunks, chunk, 1],
            Array.from({ length: rows }, (_, i) => (i * 5) % vocabulary),
          ),
        };
        await checkGradient(
          (tape, { x, w, targets }) => {
            const head = (graph: Graph) => ({
              ...exactMatrix(graph, w!),
              rows: (ids: Value) => graph.op('Gather', [w!, graph.op('Squeeze', [ids, graph.int64([1])])]),
            });
            return logProbability(tape, x!, targets!, { head, hidden, gradients: true });
          },
          feeds,
          ['x', 'w'],
          [rows, 1],
        );
      },
    ));

  it('policyLoss agrees inside and outside of its clips', async () => {
    // Away from the kinks (ratio 0.8, 1.3 and 3; k3 = 10), where finite differences mean nothing.
    const tokens = [-1, -0.4, -0.1, 0, 0.1, 0.4, 0.9, 1.3].flatMap((logRatio) =>
      [-20, -1, -0.2, 0, 0.3, 1.5, 4].flatMap((referenceGap) =>
        [-1.5, -0.5, 0, 0.5, 1.5].map((advantage) => ({ logRatio, referenceGap, advantage })),
      ),
    );
    const column = (value: (token: (typeof tokens)[number]) => number): Feed => ({
      dims: [tokens.length, 1],
      data: Float32Array.from(tokens, value),
    });
    const scalar = (value: number): Feed => ({ dims: [], data: Float32Array.of(value) });
    const feeds = {
      logprobs: column(() => -1),
      oldLogprobs: column(({ logRatio }) => -1 - logRatio),
      refLogprobs: column(({ referenceGap }) => -1 + referenceGap),
      advantages: column(({ advantage }) => advantage),
      epsilonLow: scalar(0.2),
      epsilonHigh: scalar(0.3),
      dualClip: scalar(3),
      beta: scalar(0.1),
    };
    const build = (tape: Tape, { logprobs, ...inputs }: Record<string, Value>) =>
      policyLoss(tape, logprobs!, {
        oldLogprobs: inputs['oldLogprobs']!,
        refLogprobs: inputs['refLogprobs']!,
        advantages: inputs['advantages']!,
        epsilonLow: inputs['epsilonLow']!,
        epsilonHigh: inputs['epsilonHigh']!,
        dualClip: inputs['dualClip']!,
        beta: inputs['beta']!,
      });
    await checkGradient(build, feeds, ['logprobs'], [tokens.length, 1]);
  });
});
