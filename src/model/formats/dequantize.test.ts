import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { blockFormats, byteLength, dequantize, type TensorType } from './dequantize.ts';

/** Made by scripts/fixtures/dequantize.py with the `gguf` package: base64 of the blocks and of the fp32 numbers. */
const cases = JSON.parse(readFileSync(new URL('../fixtures/dequantize.json', import.meta.url), 'utf8')) as Record<
  TensorType,
  { blocks: string; values: string }
>;

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

describe('dequantize', () => {
  for (const type of Object.keys(blockFormats) as TensorType[]) {
    it(`turns ${type} blocks into the numbers that ggml's reference makes`, () => {
      const blocks = Buffer.from(cases[type].blocks, 'base64');
      const expected = floats(cases[type].values);
      const actual = new Float32Array(expected.length);
      dequantize(type, blocks, actual);
      assert.equal(byteLength(type, expected.length), blocks.length);
      for (const [i, value] of expected.entries()) {
        // One rounding more or less in quantised blocks: numpy multiplies in fp32, this code in fp64.
        const tolerance = blockFormats[type].elements === 1 ? 0 : 2e-7 * Math.max(1, Math.abs(value));
        assert.ok(Math.abs(actual[i]! - value) <= tolerance, `${i}: ${actual[i]} for ${value}`);
      }
    });
  }

  it('refuses bytes that are no whole number of blocks', () => {
    assert.throws(() => dequantize('Q4_K', new Uint8Array(143), new Float32Array(256)), RangeError);
  });
});
