import assert from 'node:assert/strict';
import { applyUpdate, type OptimizerSettings } from './optimizer.ts';

const settings: OptimizerSettings = {
  learningRate: 0.1,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  weightDecay: 0.01,
  maxGradNorm: 1,
};

/** Four parameters in two tensors. */
function example() {
  return {
    parameters: [Float32Array.of(0.5, -1), Float32Array.of(2, 0)],
    state: {
      step: 0,
      first: [new Float32Array(2), new Float32Array(2)],
      second: [new Float32Array(2), new Float32Array(2)],
    },
  };
}

describe('applyUpdate', () => {
  it('equals torch.optim.AdamW with torch.nn.utils.clip_grad_norm_ over three steps', () => {
    // Made with torch 2.15 in float64: AdamW(lr=0.1, weight_decay=0.01), clip_grad_norm_(1.0).
    const steps = [
      { gradient: [3, 4, 0, 0], norm: 5, expected: [0.399500002, -1.098999999, 1.998, 0] },
      { gradient: [0.1, -0.2, 0.3, 0], norm: 0.374165739, expected: [0.320767767, -1.144847811, 1.921588321, 0] },
      { gradient: [-0.5, 0.5, 0.25, -1], norm: 1.25, expected: [0.30499272, -1.204250359, 1.836365648, 0.063881359] },
    ];
    const { parameters, state } = example();
    for (const { gradient, norm, expected } of steps) {
      const gradients = [Float32Array.from(gradient.slice(0, 2)), Float32Array.from(gradient.slice(2))];
      const { gradNorm, applied } = applyUpdate(parameters, gradients, state, settings);
      assert.ok(applied);
      assert.ok(Math.abs(gradNorm - norm) < 1e-6, `norm ${gradNorm}`);
      parameters
        .flatMap((tensor) => [...tensor])
        .forEach((value, i) =>
          assert.ok(Math.abs(value - expected[i]!) < 1e-6, `step ${state.step}, ${i}: ${value}, not ${expected[i]}`),
        );
    }
    assert.equal(state.step, 3);
  });

  for (const broken of [NaN, Infinity]) {
    it(`changes nothing when a gradient is ${broken}`, () => {
      const { parameters, state } = example();
      const before = structuredClone({ parameters, state });
      const { applied, gradNorm } = applyUpdate(
        parameters,
        [Float32Array.of(1, broken), Float32Array.of(1, 1)],
        state,
        settings,
      );
      assert.equal(applied, false);
      assert.ok(!Number.isFinite(gradNorm));
      assert.deepEqual({ parameters, state }, before);
    });
  }
});
