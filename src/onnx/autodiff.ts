import type { Graph, Value } from './graph.ts';

/**
 * The share of the gradient that one use of a value gives: adds it to what other uses gave so far and returns the sum.
 * Called only where the gradient is wanted, so nodes made inside cost nothing elsewhere. Matrix products fold the sum
 * into the product (Gemm's C).
 */
export type Contribution = (soFar: Value | undefined) => Value;

interface Entry {
  output: Value;
  inputs: readonly Value[];
  backward: (gradient: Value) => readonly Contribution[];
}

/**
 * Reverse-mode differentiation over a graph: operators add their forward nodes at once and record how a gradient passes
 * back through them; {@link Tape.gradients} then adds the backward nodes. Each operator stands in `operators/` next to
 * its gradient.
 */
export class Tape {
  readonly graph: Graph;
  readonly #entries: Entry[] = [];
  readonly #again = new Map<Value, (later: Value) => Value>();

  constructor(graph: Graph) {
    this.graph = graph;
  }

  /**
   * Notes that `output` was computed from `inputs`. `backward` takes d loss / d output and returns one contribution for
   * each input, in order. Returns `output`.
   */
  record(output: Value, inputs: readonly Value[], backward: (gradient: Value) => readonly Contribution[]): Value {
    this.#entries.push({ output, inputs, backward });
    return output;
  }

  /**
   * Notes that `value` had better be computed again for its gradient than kept. `compute` adds the nodes and makes them
   * wait for the value that it is given.
   */
  forget(value: Value, compute: (later: Value) => Value): Value {
    this.#again.set(value, compute);
    return value;
  }

  /** `value` as it was, or computed again once `later` is known if it was forgotten. */
  recall(value: Value, later: Value): Value {
    return this.#again.get(value)?.(later) ?? value;
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
      const contributions = entry.backward(gradient);
      for (const [index, input] of entry.inputs.entries()) {
        if (dependent.has(input)) {
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
