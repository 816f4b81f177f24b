import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BoundaryError } from '../../base/errors.ts';
import { readSafetensors, readSafetensorsHeader, writeSafetensors } from './safetensors.ts';

/** Made by scripts/fixtures/safetensors_file.py with the Python library. */
const fixture = fileURLToPath(new URL('../fixtures/python.safetensors', import.meta.url));

describe('safetensors', () => {
  let dir = '';
  let path = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'selfq-safetensors-'));
    path = join(dir, 'adapter_model.safetensors');
  });
  afterEach(() => rm(dir, { recursive: true }));

  const tensors = new Map([
    ['b', { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 1e-30, -0, 6) }],
    ['a.ü', { shape: [], data: Float32Array.of(7) }],
    ['empty', { shape: [0, 4], data: new Float32Array(0) }],
  ]);

  const isTorn = (words: RegExp) => (error: unknown) =>
    error instanceof BoundaryError && error.boundary === 'model' && words.test(error.message);

  it('gives back what was written, in order, with its metadata', async () => {
    await writeSafetensors(path, tensors, { step: '12' });
    const read = await readSafetensors(path);
    assert.deepEqual([...read.keys()], [...tensors.keys()]);
    for (const [name, { shape, data }] of tensors) {
      assert.deepEqual(read.get(name), { dtype: 'F32', shape, data });
    }
    const { metadata } = await readSafetensorsHeader(path);
    assert.deepEqual(metadata, { format: 'pt', step: '12' });
  });

  it('writes part of a larger buffer where a tensor is one', async () => {
    const large = Float32Array.of(1, 2, 3, 4);
    await writeSafetensors(path, new Map([['part', { shape: [2], data: large.subarray(1, 3) }]]));
    assert.deepEqual((await readSafetensors(path)).get('part')?.data, Float32Array.of(2, 3));
  });

  it('starts its tensors at a multiple of 8 bytes, as the format asks', async () => {
    await writeSafetensors(path, tensors);
    const length = Number((await readFile(path)).readBigUInt64LE());
    assert.equal(length % 8, 0);
  });

  it('replaces a file whole and leaves nothing else behind', async () => {
    await writeSafetensors(path, tensors);
    await writeSafetensors(path, new Map([['b', { shape: [1], data: Float32Array.of(9) }]]));
    assert.deepEqual(await readdir(dir), ['adapter_model.safetensors']);
    assert.deepEqual((await readSafetensors(path)).get('b')?.data, Float32Array.of(9));
  });

  it('keeps the old file when the new one cannot be written', async () => {
    await writeSafetensors(path, tensors);
    const broken = new Map([['b', { shape: [2], data: Float32Array.of(1) }]]);
    await assert.rejects(writeSafetensors(path, broken), RangeError);
    assert.equal((await readSafetensors(path)).size, 3);
    assert.deepEqual(await readdir(dir), ['adapter_model.safetensors']);
  });

  it('leaves no half-written file behind when the last step fails', async () => {
    await mkdir(join(path, 'in the way'), { recursive: true });
    await assert.rejects(writeSafetensors(path, tensors));
    assert.deepEqual(await readdir(dir), ['adapter_model.safetensors']);
  });

  it('reads what the Python library wrote, 16-bit numbers widened exactly', async () => {
    const read = await readSafetensors(fixture);
    const numbers = (name: string): number[] => Array.from(read.get(name)?.data ?? []);
    // What torch says of the numbers nearest to 0.1, -2.5, 3e38, 1e-40 (bf16) and 0.1, -2.5, 65504, 6e-8 (f16).
    assert.deepEqual(numbers('bf16'), [0.10009765625, -2.5, 3.00405527047391e38, 9.183549615799121e-41]);
    assert.deepEqual(numbers('f16'), [0.0999755859375, -2.5, 65504, 2 ** -24]);
    assert.deepEqual(numbers('f32'), [Math.fround(0.1), -2.5, 2 ** -149]);
    assert.deepEqual(numbers('scalar'), [7]);
    assert.deepEqual(read.get('f16')?.shape, [2, 2]);
    assert.deepEqual(read.get('scalar')?.shape, []);
    assert.deepEqual(read.get('empty'), { dtype: 'F32', shape: [0, 4], data: new Float32Array(0) });
    assert.deepEqual((await readSafetensorsHeader(fixture)).metadata, { step: '12' });
  });

  it('refuses a number format that it does not know, by name', async () => {
    const header = JSON.stringify({ steps: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeFile(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(8)]));
    await assert.rejects(readSafetensors(path), isTorn(/stores steps as I64, which cannot be read/));
  });

  it('refuses a header with a name twice, and tensors with gaps, overlaps or bytes behind them', async () => {
    const write = async (header: string, bytes: number) => {
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      await writeFile(path, Buffer.concat([length, Buffer.from(header), Buffer.alloc(bytes)]));
    };
    const tensor = (from: number, to: number) =>
      `{"dtype":"F32","shape":[${(to - from) / 4}],"data_offsets":[${from},${to}]}`;
    await write(`{"a":${tensor(0, 8)},"b":${tensor(8, 12)}}`, 12);
    assert.equal((await readSafetensors(path)).size, 2);
    await write(`{"a":${tensor(0, 4)},"\\u0061":${tensor(4, 8)}}`, 8);
    await assert.rejects(readSafetensors(path), isTorn(/its header has "a" twice/));
    await write(`{"a":${tensor(0, 8)},"b":${tensor(4, 12)}}`, 12);
    await assert.rejects(readSafetensors(path), isTorn(/b does not begin where the tensor before it ends/));
    await write(`{"a":${tensor(0, 4)},"b":${tensor(8, 12)}}`, 12);
    await assert.rejects(readSafetensors(path), isTorn(/b does not begin where/));
    await write(`{"a":${tensor(0, 4)}}`, 8);
    await assert.rejects(readSafetensors(path), isTorn(/4 bytes follow its last tensor/));
  });

  it('names a torn or damaged file', async () => {
    await writeSafetensors(path, tensors);
    const whole = await readFile(path);
    await truncate(path, whole.length - 2);
    await assert.rejects(
      readSafetensors(path),
      isTorn(/is torn: it ends after \d+ bytes, 2 bytes before the end of a\.ü/),
    );
    for (const length of [0, 5, 8, 60]) {
      await writeFile(path, whole.subarray(0, length));
      await assert.rejects(readSafetensors(path), isTorn(/is no whole safetensors file/));
    }
    await writeFile(path, Buffer.concat([whole.subarray(0, 8), Buffer.alloc(whole.length - 8, '{')]));
    await assert.rejects(readSafetensors(path), isTorn(/its header cannot be read/));
  });
});
