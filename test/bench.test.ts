import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { medianRatio, ratioOfBest } from '../bench/measure.ts';
import { writeQuantised } from '../bench/peers/quantised.ts';
import { readGgufHeader } from '../src/model/formats/gguf.ts';
import { byteLength, dequantize } from '../src/model/formats/dequantize.ts';
import { entryPath } from '../src/base/entries.ts';
import { writeGguf } from '../src/model/formats/gguf-writer.ts';
import { writeTinyModel } from './support/tiny-model.ts';

describe('selfq bench', function () {
  this.timeout(120_000);
  let home = '';
  let model = '';
  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'selfq-bench-'));
    model = join(home, 'tiny');
    await writeTinyModel(model);
  });
  after(() => rm(home, { recursive: true }));

  function bench(args: readonly string[], env: Record<string, string> = {}) {
    const command = ['--no-node-snapshot', entryPath('cli'), 'bench', ...args, '--model', model];
    return new Promise<{ code: number; out: string; err: string }>((resolve) => {
      execFile(process.execPath, command, { env: { ...process.env, SELFQ_HOME: home, ...env } }, (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
      });
    });
  }

  it('measures training of every shape in the named precision, with its gradient against the exact one', async () => {
    const { code, out, err } = await bench(['train', '--alone', '--repeats', '1', '--precision', 'balanced', '--json']);
    assert.equal(code, 0, err);
    const figures = JSON.parse(out) as {
      conditions: { precision: string };
      results: { tokensPerSecond: number }[];
      gradientCosine: number;
    };
    assert.equal(figures.conditions.precision, 'balanced, balanced');
    assert.equal(figures.results.length, 3);
    assert.ok(figures.results.every(({ tokensPerSecond }) => tokensPerSecond > 0));
    assert.ok(figures.gradientCosine > 0.9 && figures.gradientCosine < 0.99999, `${figures.gradientCosine}`);
  });

  it('measures generation for the rows that were named, and whole steps', async () => {
    const generation = await bench(['generate', '--alone', '--repeats', '2', '--rows', '1,4', '--json']);
    assert.equal(generation.code, 0, generation.err);
    const { results } = JSON.parse(generation.out) as { results: { what: string; own: number[] }[] };
    assert.deepEqual(
      results.map(({ what, own }) => [what, own.length]),
      [
        ['1 row, proposals', 2],
        ['4 rows behind 200 tokens', 2],
        ['prefill of 512', 2],
      ],
    );
    const step = await bench(['step', '--alone', '--repeats', '1', '--json']);
    assert.equal(step.code, 0, step.err);
    const { own } = JSON.parse(step.out) as { own: { tokens: number }[] };
    assert.ok(own[0]!.tokens > 32 && own[0]!.tokens <= 8 * 4 * 64);
  });

  it('lets the solver learn the same problems in every step, judged by the sandbox', async () => {
    const { code, out, err } = await bench(['learn', '--steps', '2', '--seed', '3', '--reward', 'format', '--json']);
    assert.equal(code, 0, err);
    const figures = JSON.parse(out) as {
      seed: number;
      steps: { reward: number; testsPassed: number; meanTokens: number }[];
      trained: { total: number }[];
      heldOut: { total: number }[];
    };
    assert.equal(figures.seed, 3);
    assert.equal(figures.steps.length, 2);
    assert.ok(figures.steps.every(({ meanTokens }) => meanTokens > 0 && meanTokens <= 96));
    assert.deepEqual(
      [...figures.trained, ...figures.heldOut].map(({ total }) => total),
      [8, 8, 16, 16],
    );
    const unknown = await bench(['learn', '--reward', 'praise']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /solverReward/);
  });

  it('says how to get what it compares with, and what is missing for that', async () => {
    const absent = await bench(['train']);
    assert.equal(absent.code, 1);
    assert.match(absent.err, /PyTorch, transformers, PEFT and TRL to compare with is not installed/);
    assert.match(absent.err, /--install-peers/);
    const empty = join(home, 'empty');
    await mkdir(empty, { recursive: true });
    const noPython = await bench(['train', '--install-peers'], { PATH: empty });
    assert.equal(noPython.code, 1);
    assert.match(noPython.err, /No Python 3\.10 or newer/);
    const folder = await bench(['generate']);
    assert.equal(folder.code, 2);
    assert.match(folder.err, /llama\.cpp reads GGUF files alone/);
  });

  for (const [format, bits] of [
    ['Q8_0', 8],
    ['Q4_0', 4],
  ] as const) {
    it(`writes ${format} files that keep metadata and vectors, and matrices to within half a step`, async () => {
      const source = join(home, 'source.gguf');
      const matrix = Float32Array.from({ length: 4 * 64 }, (_, i) => 1e-3 * Math.sin(i) * (1 + (i >> 5)));
      const vector = Float32Array.from({ length: 64 }, (_, i) => i / 7);
      const bytes = (values: Float32Array) => new Uint8Array(values.buffer);
      writeGguf(source, {
        metadata: { 'general.name': 'blk.0.ffn_up.weight', 'general.file_type': 0 },
        tensors: [
          { name: 'blk.0.ffn_up.weight', shape: [4, 64], type: 0, bytes: bytes(matrix) },
          { name: 'blk.0.ffn_norm.weight', shape: [64], type: 0, bytes: bytes(vector) },
          { name: 'output.weight', shape: [4, 64], type: 0, bytes: bytes(matrix) },
        ],
      });
      const out = join(home, `${format}.gguf`);
      await writeQuantised(source, out, format);
      const header = await readGgufHeader(out);
      assert.deepEqual(header.metadata, (await readGgufHeader(source)).metadata);
      const data = await readFile(out);
      const valuesOf = (name: string, type: 'Q8_0' | 'Q4_0' | 'F32', count: number): Float32Array => {
        const tensor = header.tensors.get(name);
        assert.equal(tensor?.type, type);
        const values = new Float32Array(count);
        dequantize(type, data.subarray(tensor.offset, tensor.offset + byteLength(type, count)), values);
        return values;
      };
      assert.deepEqual(valuesOf('blk.0.ffn_norm.weight', 'F32', 64), vector);
      assertNear(valuesOf('blk.0.ffn_up.weight', format, 256), matrix, bits);
      assertNear(valuesOf('output.weight', 'Q8_0', 256), matrix, 8);
    });
  }

  it('keeps names of tensors that are longer in bytes than in letters', async () => {
    const source = join(home, 'names.gguf');
    const tensor = { shape: [1, 32], type: 0, bytes: new Uint8Array(4 * 32) };
    const names = ['größe.weight', '重み.weight'];
    writeGguf(source, { metadata: {}, tensors: names.map((name) => ({ name, ...tensor })) });
    const out = join(home, 'names-Q8_0.gguf');
    await writeQuantised(source, out, 'Q8_0');
    const { tensors } = await readGgufHeader(out);
    assert.deepEqual(
      [...tensors.values()].map(({ name, type }) => [name, type]),
      names.map((name) => [name, 'Q8_0']),
    );
  });

  it('compares rounds in pairs, and the fastest of each', () => {
    assert.equal(medianRatio([10, 20, 30], [10, 10, 10]), 2);
    assert.equal(ratioOfBest([10, 20], [5, 16]), 1.25);
  });
});

/** A step is the largest magnitude of a block over the range of its numbers; its half-precision form adds an error. */
function assertNear(actual: Float32Array, expected: Float32Array, bits: number): void {
  const range = bits === 8 ? 127 : 8;
  for (let block = 0; block < expected.length; block += 32) {
    const own = expected.subarray(block, block + 32);
    const step = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / range;
    const scaleError = Math.max(step * 2 ** -11, 2 ** -25);
    // Of 4 bits one end has no number of its own and is off by a whole step.
    const bound = (bits === 8 ? 0.5 : 1) * step * 1.001 + (range + 1) * scaleError;
    own.forEach((value, i) => {
      assert.ok(Math.abs(actual[block + i]! - value) <= bound, `${block + i}: ${actual[block + i]}, not ${value}`);
    });
  }
}
