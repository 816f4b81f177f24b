import { at, zip } from '../base/arrays.ts';
import { elementType, type Graph, type Typed, type Value } from './graph.ts';

/**
 * The partial gradient that one use of a value gives: adds it to what other uses gave so far and returns the sum. Called
 * only where the gradient is wanted, so nodes made inside cost nothing elsewhere. Matrix products fold the sum into the
 * product (Gemm's C).
 */
export type Contribution = (soFar: Value | undefined) => Value;

/**
 * `input`: what a part begins with, which is saved in any case. `residual`: sums that every layer adds to. `attended`:
 * what attention returns. `projection`: results of matrix products; `wide`: those of the feed-forward part; `reduced`:
 * those of a LoRA's A; `term`: those that are only added to something.
 */
export type SavedKind = 'input' | 'residual' | 'attended' | 'projection' | 'wide' | 'reduced' | 'term';

/** What a part that is computed again saves of its first pass (activation checkpointing). */
export interface CheckpointPolicy {
  /** Values [rows, ...] that are saved in place of `value`; undefined = none, it is computed again. */
  store(graph: Graph, value: Value, kind: SavedKind): readonly Typed[] | undefined;
  /**
   * The value again. `deferred` returns an fp32 value unchanged, but not before it is needed; the result must depend on
   * one that it returned.
   */
  restore(graph: Graph, stored: readonly Value[], deferred: (value: Value) => Value): Value;
}

/** From d loss / d output, one contribution for each input, in order; `wanted`: which of them are asked for. */
export type Backward = (gradient: Value, wanted: readonly boolean[]) => readonly Contribution[];

/** What a tape saves of the results that operators take for their gradients. */
interface Memory {
  /** In place of `value` [rows, ...]. */
  save(value: Value, kind: SavedKind): Value;
  /** In place of values that are made to be saved, as they are. */
  saveAll(values: readonly Value[]): readonly Value[];
}

const float = (value: Value): Typed => ({ value, type: 'float' });

const everything: Memory = { save: (value) => value, saveAll: (values) => values };

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
  /** Where nodes are added. */
  readonly graph: Graph;
  readonly #entries: Entry[] = [];
  readonly #memory: Memory;

  constructor(graph: Graph, memory: Memory = everything) {
    this.graph = graph;
    this.#memory = memory;
  }

  /**
   * Records that `output` was computed from `inputs`, and how gradients pass back. Returns `output`.
   */
  record(output: Value, inputs: readonly Value[], backward: Backward): Value {
    this.#entries.push({ output, inputs, backward });
    return output;
  }

  /**
   * `value` [rows, ...], a result that operators take for their gradient: where a part of the graph is computed again,
   * what its first pass has saved of it.
   */
  save(value: Value, kind: SavedKind): Value {
    return this.#memory.save(value, kind);
  }

  /**
   * A part of the graph, from `x` [rows, ...] to what `build` returns, whose values are not kept for its gradient: they
   * are computed again then, from x and from what `policy` stores. Chen et al., Training Deep Nets with Sublinear Memory
   * Cost (arXiv 1604.06174).
   */
  checkpoint(x: Value, policy: CheckpointPolicy, build: (tape: Tape, x: Value) => Value): Value {
    const { graph } = this;
    const stored: (readonly Value[] | undefined)[] = [];
    const made: Value[] = [];
    const store = (value: Value, kind: SavedKind) => {
      const values = policy.store(graph, value, kind)?.map((each) => each.value);
      made.push(...(values ?? []).filter((each) => each !== value));
      return values;
    };
    const storedX = store(x, 'input') ?? [x];
    const first = new Tape(graph, {
      save(value, kind) {
        stored.push(store(value, kind));
        return value;
      },
      saveAll(values) {
        stored.push(values);
        return values;
      },
    });
    const computed = build(first, x);
    const inputs = first.#inputs();
    const output = this.#controlDependency(computed, made);
    return this.record(output, inputs, (gradient, wanted) => {
      // Nothing may begin before the gradient is there, and none of it may be taken for what was computed before.
      const one = this.#oneAfter([gradient]);
      const deferred = (value: Value) => graph.op('Mul', [value, one]);
      const pending = [...stored];
      const second = new Tape(graph, {
        save(value) {
          const values = pending.shift();
          return values === undefined ? value : policy.restore(graph, values, deferred);
        },
        saveAll: (values) => pending.shift() ?? values,
      });
      const deferredX = policy.restore(graph, storedX, deferred);
      const asked = inputs.filter((_, index) => wanted[index]);
      const parameters = asked.map((input) => (input === x ? deferredX : input));
      const gradients = new Map(zip(asked, second.gradients(build(second, deferredX), gradient, parameters)));
      const others = [...gradients].filter(([input]) => input !== x).map(([, value]) => value);
      return inputs.map((input) =>
        this.adding(() => {
          const partial = partialOf(gradients, input);
          return input === x ? this.#controlDependency(partial, others) : partial;
        }),
      );
    });
  }

  /**
   * A part of the graph, from `x` [rows, width] to what `build` returns of the same shape, none of whose rows depends on
   * another one: computed for one block of rows after the other, forward and backward, so that intermediate values stay in
   * the processor's caches. `blocks`: how many, int64 [1], a divisor of the rows. Saved for the gradient is what `policy`
   * stores; the rest is computed again.
   */
  byRows(x: Value, blocks: Value, policy: CheckpointPolicy, build: (tape: Tape, x: Value) => Value): Value {
    const { graph } = this;
    const shape = graph.op('Concat', [blocks, graph.int64([-1]), graph.op('Shape', [x], { start: 1 })], { axis: 0 });
    const inBlocks = (value: Value) => graph.op('Reshape', [value, shape]);
    const asX = (value: Value) => graph.op('Reshape', [value, graph.op('Shape', [x])]);
    const stored: (readonly Typed[] | undefined)[] = [];
    let inputs: Value[] = [];
    const [output, ...pieces] = graph.scan([float(inBlocks(x))], (body, [block]) => {
      const first = new Tape(body, {
        ...everything,
        save(value, kind) {
          stored.push(policy.store(body, value, kind));
          return value;
        },
      });
      const result = build(first, block);
      inputs = first.#inputs().map((input) => (input === block ? x : input));
      return [float(result), ...stored.flatMap((values) => values ?? [])];
    });
    const types = stored.flatMap((values) => values ?? []);
    const saved = zip(this.#memory.saveAll(pieces), types).map(([value, { type }]) => ({ value, type }));
    return this.record(asX(output), inputs, (gradient, wanted) => {
      const asked = inputs.filter((_, index) => wanted[index]);
      const scanned = [float(inBlocks(x)), float(inBlocks(gradient)), ...saved] as const;
      const partials = graph.scan(scanned, (body, [block, blockOfGradient, ...restored]) => {
        const parts = stored.map((values) => values && restored.splice(0, values.length));
        const second = new Tape(body, {
          ...everything,
          save(value) {
            const part = parts.shift();
            return part === undefined ? value : policy.restore(body, part, (each) => each);
          },
        });
        const parameters = asked.map((input) => (input === x ? block : input));
        return second.gradients(build(second, block), blockOfGradient, parameters).map(float);
      });
      const gradients = new Map(zip(asked, partials));
      const sum = (partial: Value) => graph.op('ReduceSum', [partial, graph.int64([0])], { keepdims: 0 });
      return inputs.map((input) =>
        this.adding(() => {
          const partial = partialOf(gradients, input);
          return input === x ? asX(partial) : sum(partial);
        }),
      );
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

  /** `value`, computed only after `others`: a control dependency, so that what they were computed from can be freed. */
  #controlDependency(value: Value, others: readonly Value[]): Value {
    return others.length === 0 ? value : this.graph.op('Mul', [value, this.#oneAfter(others)]);
  }

  /**
   * The number 1, fp32 [1], computed only after `others`, whose shapes must not be known before. A product with it costs
   * less than the session's search for memory does where the shape of a result is not known, as that of a reshape.
   */
  #oneAfter(others: readonly Value[]): Value {
    const { graph } = this;
    const shapes = others.map((each) => graph.op('Shape', [each]));
    const all = shapes.length === 1 ? at(shapes, 0) : graph.op('Concat', shapes, { axis: 0 });
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
          gradients.set(input, at(contributions, index)(gradients.get(input)));
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

  /** A contribution that computes its partial gradient by `partial` and adds it. */
  adding(partial: () => Value): Contribution {
    return (soFar) => (soFar === undefined ? partial() : this.graph.op('Add', [soFar, partial()]));
  }
}

function partialOf(gradients: ReadonlyMap<Value, Value>, input: Value): Value {
  const gradient = gradients.get(input);
  if (gradient === undefined) {
    throw new RangeError(`no gradient of ${input} was asked for`);
  }
  return gradient;
}
