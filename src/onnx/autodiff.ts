import { elementType, type Graph, type Typed, type Value } from './graph.ts';

/**
 * The share of the gradient that one use of a value gives: adds it to what other uses gave so far and returns the sum.
 * Called only where the gradient is wanted, so nodes made inside cost nothing elsewhere. Matrix products fold the sum
 * into the product (Gemm's C).
 */
export type Contribution = (soFar: Value | undefined) => Value;

/**
 * `input`: what a part begins with, which is kept in any case. `residual`: sums that every layer adds to. `attended`:
 * what attention returns. `projection`: results of matrix products; `wide`: those of the feed-forward part; `reduced`:
 * those of a LoRA's A; `term`: those that are only added to something.
 */
export type KeptKind = 'input' | 'residual' | 'attended' | 'projection' | 'wide' | 'reduced' | 'term';

/** What a part that is computed again keeps of its first time. */
export interface CheckpointPolicy {
  /** Values [rows, ...] that stay in place of `value`; undefined = nothing does. */
  store(graph: Graph, value: Value, kind: KeptKind): readonly Typed[] | undefined;
  /** `late` gives an fp32 value as it is, but not before it is needed; the result must depend on one that it gave. */
  restore(graph: Graph, stored: readonly Value[], late: (value: Value) => Value): Value;
}

/** From d loss / d output, one contribution for each input, in order; `wanted`: which of them are asked for. */
export type Backward = (gradient: Value, wanted: readonly boolean[]) => readonly Contribution[];

/** What a tape keeps of the results that operators take for their gradients. */
interface Memory {
  /** In place of `value` [rows, ...]. */
  keep(value: Value, kind: KeptKind): Value;
  /** In place of values that are made to be kept, as they are. */
  hold(values: readonly Value[]): readonly Value[];
}

const float = (value: Value): Typed => ({ value, type: 'float' });

const everything: Memory = { keep: (value) => value, hold: (values) => values };

interface Entry {
  output: Value;
  inputs: readonly Value[];
  backward: Backward;
}

/**
 * Reverse-mode differentiation over a graph: operators add their forward nodes at once and record how a gradient passes
 * back through them; {@link Tape.gradients} then adds the backward nodes. Each operator stands in `operators/` next to
 * its gradient.
 */
export class Tape {
  readonly graph: Graph;
  readonly #entries: Entry[] = [];
  readonly #memory: Memory;

  constructor(graph: Graph, memory: Memory = everything) {
    this.graph = graph;
    this.#memory = memory;
  }

  /**
   * Notes that `output` was computed from `inputs`, and how gradients pass back. Returns `output`.
   */
  record(output: Value, inputs: readonly Value[], backward: Backward): Value {
    this.#entries.push({ output, inputs, backward });
    return output;
  }

  /**
   * `value` [rows, ...], a result that operators take for their gradient: where a part of the graph is computed again,
   * what the first time has kept of it.
   */
  keep(value: Value, kind: KeptKind): Value {
    return this.#memory.keep(value, kind);
  }

  /**
   * A part of the graph, from `x` [rows, ...] to what `build` returns, whose values are not kept for its gradient: they
   * are computed again then, from x and from what `policy` keeps. Chen et al., Training Deep Nets with Sublinear Memory
   * Cost (arXiv 1604.06174).
   */
  checkpoint(x: Value, policy: CheckpointPolicy, build: (tape: Tape, x: Value) => Value): Value {
    const { graph } = this;
    const stored: (readonly Value[] | undefined)[] = [];
    const made: Value[] = [];
    const store = (value: Value, kind: KeptKind) => {
      const own = policy.store(graph, value, kind)?.map((each) => each.value);
      made.push(...(own ?? []).filter((each) => each !== value));
      return own;
    };
    const storedX = store(x, 'input') ?? [x];
    const first = new Tape(graph, {
      keep(value, kind) {
        stored.push(store(value, kind));
        return value;
      },
      hold(values) {
        stored.push(values);
        return values;
      },
    });
    const computed = build(first, x);
    const inputs = first.#inputs();
    const output = this.#behind(computed, made);
    return this.record(output, inputs, (gradient, wanted) => {
      // Nothing may begin before the gradient is there, and none of it may be taken for what was computed before.
      const one = this.#oneBehind([gradient]);
      const late = (value: Value) => graph.op('Mul', [value, one]);
      let next = 0;
      const again = new Tape(graph, {
        keep(value) {
          const own = stored[next++];
          return own === undefined ? value : policy.restore(graph, own, late);
        },
        hold: () => stored[next++]!,
      });
      const lateX = policy.restore(graph, storedX, late);
      const asked = inputs.filter((_, index) => wanted[index]);
      const later = asked.map((input) => (input === x ? lateX : input));
      const gradients = again.gradients(build(again, lateX), gradient, later);
      const shares = new Map(asked.map((input, index) => [input, gradients[index]!]));
      const others = gradients.filter((_, index) => asked[index] !== x);
      return inputs.map((input) =>
        this.adding(() => (input === x ? this.#behind(shares.get(input)!, others) : shares.get(input)!)),
      );
    });
  }

  /**
   * A part of the graph, from `x` [rows, width] to what `build` returns of the same shape, none of whose rows depends on
   * another one: computed for one block of rows after the other, there and back, so that what lies between stays in the
   * processor's caches. `blocks`: how many, int64 [1], a divisor of the rows. Kept for the gradient is what `policy` says;
   * the rest is computed again.
   */
  byRows(x: Value, blocks: Value, policy: CheckpointPolicy, build: (tape: Tape, x: Value) => Value): Value {
    const { graph } = this;
    const shape = graph.op('Concat', [blocks, graph.int64([-1]), graph.op('Shape', [x], { start: 1 })], { axis: 0 });
    const inBlocks = (value: Value) => graph.op('Reshape', [value, shape]);
    const asX = (value: Value) => graph.op('Reshape', [value, graph.op('Shape', [x])]);
    const kept: (readonly Typed[] | undefined)[] = [];
    let inputs: Value[] = [];
    const [output, ...stored] = graph.scan([float(inBlocks(x))], (body, [block]) => {
      const first = new Tape(body, {
        ...everything,
        keep(value, kind) {
          kept.push(policy.store(body, value, kind));
          return value;
        },
      });
      const result = build(first, block);
      inputs = first.#inputs().map((input) => (input === block ? x : input));
      return [float(result), ...kept.flatMap((own) => own ?? [])];
    });
    const pieces = kept.flatMap((own) => own ?? []);
    const held = this.#memory.hold(stored).map((value, index) => ({ value, type: pieces[index]!.type }));
    return this.record(asX(output!), inputs, (gradient, wanted) => {
      const asked = inputs.filter((_, index) => wanted[index]);
      const scanned = [float(inBlocks(x)), float(inBlocks(gradient)), ...held];
      const shares = graph.scan(scanned, (body, [block, blockOfGradient, ...restored]) => {
        const parts = kept.map((own) => own && restored.splice(0, own.length));
        const again = new Tape(body, {
          ...everything,
          keep(value) {
            const own = parts.shift();
            return own === undefined ? value : policy.restore(body, own, (each) => each);
          },
        });
        const later = asked.map((input) => (input === x ? block! : input));
        return again.gradients(build(again, block!), blockOfGradient!, later).map(float);
      });
      const sum = (share: Value) => graph.op('ReduceSum', [share, graph.int64([0])], { keepdims: 0 });
      return inputs.map((input) => {
        const share = shares[asked.indexOf(input)]!;
        return this.adding(() => (input === x ? asX(share) : sum(share)));
      });
    });
  }

  /** What was recorded and is no result of an operator. */
  #inputs(): Value[] {
    const inputs = new Set(this.#entries.flatMap((entry) => entry.inputs));
    for (const { output } of this.#entries) {
      inputs.delete(output);
    }
    return [...inputs];
  }

  /** `value`, once `others` are there: what they were computed from need not stay longer. */
  #behind(value: Value, others: readonly Value[]): Value {
    return others.length === 0 ? value : this.graph.op('Mul', [value, this.#oneBehind(others)]);
  }

  /**
   * The number 1, fp32 [1], once `others` are there, whose shapes must not be known before. A product with it costs less
   * than the session's search for memory does where the shape of a result is not known, as that of a reshape.
   */
  #oneBehind(others: readonly Value[]): Value {
    const { graph } = this;
    const shapes = others.map((each) => graph.op('Shape', [each]));
    const all = shapes.length === 1 ? shapes[0]! : graph.op('Concat', shapes, { axis: 0 });
    const size = graph.op('Slice', [all, graph.int64([0]), graph.int64([1])]);
    return graph.op('Cast', [graph.op('Div', [size, size])], { to: elementType.float });
  }

  /**
   * d sum(seed * output) / d parameter for each of `parameters`, in their shapes; `seed` has the shape of `output`.
   * Throws when a parameter has no influence on `output`.
   */
  gradients(output: Value, seed: Value, parameters: readonly Value[]): Value[] {
    const dependent = new Set(parameters);
    for (const entry of this.#entries) {
      if (entry.inputs.some((input) => dependent.has(input))) {
        dependent.add(entry.output);
      }
    }
    const gradients = new Map([[output, seed]]);
    for (const entry of this.#entries.toReversed()) {
      const gradient = gradients.get(entry.output);
      if (gradient === undefined || !dependent.has(entry.output)) {
        continue;
      }
      const wanted = entry.inputs.map((input) => dependent.has(input));
      const contributions = entry.backward(gradient, wanted);
      for (const [index, input] of entry.inputs.entries()) {
        if (wanted[index]) {
          gradients.set(input, contributions[index]!(gradients.get(input)));
        }
      }
    }
    return parameters.map((parameter) => {
      const gradient = gradients.get(parameter);
      if (gradient === undefined) {
        throw new Error(`${parameter} does not influence ${output}`);
      }
      return gradient;
    });
  }

  /** A contribution that computes its share by `share` and adds it. */
  adding(share: () => Value): Contribution {
    return (soFar) => (soFar === undefined ? share() : this.graph.op('Add', [soFar, share()]));
  }
}
