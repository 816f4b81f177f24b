import type { FileHandle } from 'node:fs/promises';
import { BoundaryError } from '../../base/errors.ts';
import { decoderLayout, elementsOf, linearsOf, type LinearRole } from '../layout.ts';
import type { DecoderConfig } from '../model.ts';
import { blockFormats, byteLength, dequantize } from './dequantize.ts';
import { isReadable, type GgufTensor } from './gguf.ts';

/** llama.cpp's names of the parts of a layer. */
const linearNames: Readonly<Record<Exclude<LinearRole, 'head'>, string>> = {
  q: 'attn_q',
  k: 'attn_k',
  v: 'attn_v',
  o: 'attn_output',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
};

/** Hugging Face's name of every tensor of a decoder -> llama.cpp's. */
export function tensorNames(config: DecoderConfig): Map<string, string> {
  const { embedding, layers, norm, head } = decoderLayout(config);
  const parts: [string, string][] = [
    [embedding.name, 'token_embd'],
    [norm.name, 'output_norm'],
    [head.name, 'output'],
  ];
  for (const layer of layers) {
    const block = `blk.${layer.index}`;
    parts.push([layer.inputNorm.name, `${block}.attn_norm`], [layer.postAttentionNorm.name, `${block}.ffn_norm`]);
    for (const { role, name } of linearsOf(layer)) {
      if (role !== 'head' && role !== 'qkv') {
        parts.push([name, `${block}.${linearNames[role]}`]);
      }
    }
    if (layer.headNorms) {
      parts.push([layer.headNorms.q.name, `${block}.attn_q_norm`], [layer.headNorms.k.name, `${block}.attn_k_norm`]);
    }
  }
  return new Map(
    parts.flatMap(([name, own]): [string, string][] => [
      [`${name}.weight`, `${own}.weight`],
      [`${name}.bias`, `${own}.bias`],
    ]),
  );
}

/** Bytes decoded at a time: bounds the raw copy beside the fp32 result. */
const chunkBytes = 8 * 2 ** 20;

/** A tensor of an open file in fp32, as it is stored. Throws BoundaryError('model') for other formats and torn files. */
export async function readTensor(path: string, file: FileHandle, stored: GgufTensor): Promise<Float32Array> {
  if (!isReadable(stored.type)) {
    throw new BoundaryError(
      'model',
      `${path} stores ${stored.name} as ${stored.type}, which cannot be read.`,
      'Use another model: `selfq models list` names those that work.',
    );
  }
  const format = blockFormats[stored.type];
  const elements = elementsOf(stored.shape);
  const total = byteLength(stored.type, elements);
  const chunk = Math.floor(chunkBytes / format.bytes) * format.bytes;
  const values = new Float32Array(elements);
  const buffer = Buffer.allocUnsafe(Math.min(chunk, total));
  for (let at = 0; at < total; at += chunk) {
    const length = Math.min(chunk, total - at);
    const { bytesRead } = await file.read(buffer, 0, length, stored.offset + at);
    if (bytesRead < length) {
      throw new BoundaryError(
        'model',
        `${path} is torn: it ends inside ${stored.name}.`,
        'Something shortened the file while it was open: fetch it again (`selfq models pull NAME`).',
      );
    }
    const done = (at / format.bytes) * format.elements;
    dequantize(stored.type, buffer.subarray(0, length), values.subarray(done));
  }
  return values;
}

/**
 * Tensors whose rotary halves llama.cpp's converter interleaves, with their number of heads: q and k of architecture
 * llama, where its kernel rotates neighbours, but not those of the others.
 */
export function permutedHeads(config: DecoderConfig): Map<string, number> {
  const permuted = new Map<string, number>();
  if (config.architecture === 'llama') {
    for (const { q, k } of decoderLayout(config).layers) {
      for (const kind of ['weight', 'bias']) {
        permuted.set(`${q.name}.${kind}`, config.heads).set(`${k.name}.${kind}`, config.kvHeads);
      }
    }
  }
  return permuted;
}

/** Rows 0 1 2 3 … of a head (interleaved pairs) -> 0 2 4 … 1 3 5 … (halves), as Hugging Face stores them. */
export function splitRotaryHalves(values: Float32Array, heads: number, shape: readonly number[]): Float32Array {
  return moveRows(values, heads, shape, (row, half) => (row % 2) * half + (row >> 1));
}

/** The inverse of {@link splitRotaryHalves}: halves -> interleaved pairs, as llama.cpp stores them. */
export function interleaveRotaryHalves(values: Float32Array, heads: number, shape: readonly number[]): Float32Array {
  return moveRows(values, heads, shape, (row, half) => (row % half) * 2 + Math.floor(row / half));
}

/** Each row [rows, width] to its new place within its head. `target`: row of a head and half of its rows -> row. */
function moveRows(
  values: Float32Array,
  heads: number,
  [rows = 0, width = 1]: readonly number[],
  target: (row: number, half: number) => number,
): Float32Array {
  const headRows = rows / heads;
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const inHead = row % headRows;
    const to = row - inHead + target(inHead, headRows / 2);
    result.set(values.subarray(row * width, (row + 1) * width), to * width);
  }
  return result;
}
