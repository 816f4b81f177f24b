import { Tensor, type InferenceSession } from 'onnxruntime-node';
import type { DecoderConfig } from '../../model/model.ts';
import { buildGenerationGraph, generationPorts } from './generation-graph.ts';
import { deviceCaches, presentPorts } from './device-cache.ts';
import { devices } from '../devices/devices.ts';
import { hostCaches, type Cache, type Caches } from './kv-cache.ts';
import { noAdapter } from '../decoder/lora-inputs.ts';
import { createSession, type SessionOptions, type Tensors } from '../devices/session.ts';
import type { PreparedWeights } from '../weights/weights.ts';

/** Tokens of one prefill run: long enough for full speed, short enough to stop and to keep attention scores small. */
const chunkTokens = 512;
/** The cache grows in steps, so that calls of similar length share one. */
const positionStep = 64;

/** How {@link Inference} runs. */
export interface InferenceOptions extends SessionOptions {
  /** Longest sequence, tokens. */
  contextTokens: number;
}

/**
 * The model with its key-value cache: slots that are prefilled one by one and decode together. `lora` is fed with
 * every run.
 */
export class Inference {
  /** Inputs of all LoRA layers; replaced when the adapter changes or is switched off. */
  lora: Tensors;
  readonly #session: InferenceSession;
  readonly #config: DecoderConfig;
  readonly #caches: Caches;
  readonly #contextTokens: number;
  #cache: Cache;
  #logits = new Float32Array(0);

  private constructor(session: InferenceSession, config: DecoderConfig, contextTokens: number, caches: Caches) {
    this.#session = session;
    this.#config = config;
    this.#contextTokens = contextTokens;
    this.#caches = caches;
    this.#cache = caches.make(0, positionStep);
    this.lora = noAdapter(config);
  }

  /**
   * Makes a session on `weights`. With `int8`, which replaces their matrices, both are given relative to one folder.
   * Throws when onnxruntime cannot load it.
   */
  static async load(
    config: DecoderConfig,
    weights: PreparedWeights,
    options: InferenceOptions,
    int8?: PreparedWeights,
  ): Promise<Inference> {
    const { device = 'cpu', contextTokens } = options;
    const { cacheOnDevice } = devices[device];
    const graph = buildGenerationGraph(config, weights, { positions: contextTokens, int8, inPlace: !cacheOnDevice });
    const onDevice = cacheOnDevice ? presentPorts(config) : [];
    const session = await createSession(graph, { ...options, onDevice }, weights.folder);
    const caches = cacheOnDevice ? await deviceCaches(config, device) : hostCaches(config);
    return new Inference(session, config, contextTokens, caches);
  }

  /** Makes room for `slots` sequences of `positions` tokens; what the slots held is lost. */
  reserve(slots: number, positions: number): void {
    const rounded = Math.min(this.#contextTokens, Math.ceil(positions / positionStep) * positionStep);
    if (this.#cache.slots < slots || this.#cache.positions < rounded) {
      // The old cache must be free before the new one is made, or the peak is their sum.
      this.#cache.free();
      this.#cache = this.#caches.make(slots, rounded);
    }
  }

  /** The first `length` tokens of slot `from` also become those of slot `to`. */
  copySlot(from: number, to: number, length: number): Promise<void> {
    return this.#cache.copy(from, to, length);
  }

  /** Appends `tokens` to the `length` tokens that the slot holds. `pause` is called between chunks and may throw. */
  async prefill(slot: number, length: number, tokens: readonly number[], pause: () => void): Promise<void> {
    for (let from = 0; from < tokens.length; from += chunkTokens) {
      pause();
      const chunk = tokens.slice(from, from + chunkTokens);
      // The head is computed for one position and discarded: no run can skip it, and one row costs little.
      await this.#runBatch(slot, [chunk], [length + from + chunk.length], Int32Array.of(0));
    }
  }

  /**
   * Appends tokens to each of the first slots: one, or, to slot 0 alone, several. `lengths` count them. What other slots
   * hold may be lost. Returns logits [tokens, vocabulary], valid until the next run.
   */
  async decode(tokens: readonly (readonly number[])[], lengths: readonly number[]): Promise<Float32Array> {
    await this.#cache.keepFirst(tokens.length);
    return this.#runBatch(0, tokens, lengths, Int32Array.from(tokens.flat().keys()));
  }

  /**
   * Mean over `tokens` of the hidden states behind the last layer and its norm: [hidden], in fp64. What slot 0 holds is
   * lost. `pause` is called between chunks and may throw.
   */
  async embed(tokens: readonly number[], pause: () => void): Promise<number[]> {
    const width = this.#config.hidden;
    const sums = new Array<number>(width).fill(0);
    this.reserve(1, tokens.length);
    for (let from = 0; from < tokens.length; from += chunkTokens) {
      pause();
      const chunk = tokens.slice(from, from + chunkTokens);
      const hidden = new Tensor('float32', new Float32Array(chunk.length * width), [chunk.length, width]);
      const length = from + chunk.length;
      await this.#runBatch(0, [chunk], [length], Int32Array.of(0), { [generationPorts.hidden]: hidden });
      hidden.data.forEach((value, index) => {
        sums[index % width] = (sums[index % width] ?? 0) + value / tokens.length;
      });
    }
    return sums;
  }

  async #runBatch(
    firstSlot: number,
    ids: readonly (readonly number[])[],
    lengths: readonly number[],
    rows: Int32Array,
    more: Tensors = {},
  ): Promise<Float32Array> {
    const { vocabulary } = this.#config;
    if (this.#logits.length < rows.length * vocabulary) {
      this.#logits = new Float32Array(rows.length * vocabulary);
    }
    const logits = this.#logits.subarray(0, rows.length * vocabulary);
    const shape = [ids.length, ids[0]?.length ?? 0];
    const inputs: Tensors = {
      ...this.lora,
      [generationPorts.ids]: new Tensor('int32', Int32Array.from(ids.flat()), shape),
      [generationPorts.lastPositions]: new Tensor(
        'int32',
        Int32Array.from(lengths, (length) => length - 1),
        [lengths.length],
      ),
      [generationPorts.total]: new Tensor('int32', Int32Array.of(Math.max(...lengths)), []),
      [generationPorts.rows]: new Tensor('int32', rows, [rows.length]),
    };
    const output = new Tensor('float32', logits, [rows.length, vocabulary]);
    const slots = { first: firstSlot, count: ids.length };
    await this.#cache.run(this.#session, slots, inputs, { ...more, [generationPorts.logits]: output });
    return logits;
  }

  /** Frees session and cache; nothing may be called afterwards. */
  async close(): Promise<void> {
    this.#cache.free();
    await this.#session.release();
    await this.#caches.close();
  }
}
