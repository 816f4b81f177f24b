import { Tensor, type InferenceSession } from 'onnxruntime-node';
import type { DecoderConfig } from '../../model/model.ts';
import { runInto, type Tensors } from '../devices/session.ts';

/** Slots `first` to `first + count - 1`. */
export interface Slots {
  first: number;
  count: number;
}

/** Keys and values of up to `slots` sequences of up to `positions` tokens, wherever they are. */
export interface Cache {
  readonly slots: number;
  readonly positions: number;
  /** Runs the graph on these slots, which then hold what it adds; its other outputs land in the buffers of `outputs`. */
  run(session: InferenceSession, slots: Slots, inputs: Tensors, outputs: Tensors): Promise<void>;
  /** The first `length` tokens of slot `from` also become those of slot `to`. */
  copy(from: number, to: number, length: number): Promise<void>;
  /** Slots after the first `count` are not needed any more. */
  keepFirst(count: number): Promise<void>;
  /** Frees the memory at once: the collector does not know how scarce it is. The cache must not be used afterwards. */
  free(): void;
}

/** Makes caches of one kind, and holds what they share. */
export interface Caches {
  make(slots: number, positions: number): Cache;
  close(): Promise<void>;
}

/** Caches in main memory. */
export function hostCaches(config: DecoderConfig): Caches {
  return {
    make: (slots, positions) => new HostCache(config, slots, positions),
    close: () => Promise.resolve(),
  };
}

/** A slot's rows as graph inputs and, on the same buffers, as graph outputs. */
interface CacheView {
  inputs: Tensors;
  outputs: Tensors;
}

/** Names of the ports of one layer. */
export const cachePorts = (layer: number) => ({
  pastKey: `pastKey${layer}`,
  pastValue: `pastValue${layer}`,
  key: `key${layer}`,
  value: `value${layer}`,
});

/** In main memory: per layer two buffers [slots, kvHeads, positions, headSize] fp32, read and written in place. */
class HostCache implements Cache {
  readonly slots: number;
  readonly positions: number;
  readonly #config: DecoderConfig;
  /** [layer][key or value]. */
  readonly #buffers: [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>][];
  readonly #views = new Map<string, CacheView>();

  constructor(config: DecoderConfig, slots: number, positions: number) {
    this.slots = slots;
    this.positions = positions;
    this.#config = config;
    const length = slots * this.#slotLength();
    this.#buffers = Array.from({ length: config.layers }, () => [new Float32Array(length), new Float32Array(length)]);
  }

  #slotLength(): number {
    return this.#config.kvHeads * this.positions * this.#config.headSize;
  }

  run(session: InferenceSession, slots: Slots, inputs: Tensors, outputs: Tensors): Promise<void> {
    const view = this.#view(slots);
    return runInto(session, { ...inputs, ...view.inputs }, { ...outputs, ...view.outputs });
  }

  /** The slots as one batch. */
  #view({ first, count }: Slots): CacheView {
    const id = `${first}+${count}`;
    const known = this.#views.get(id);
    if (known) {
      return known;
    }
    const view = this.#makeView(first, count);
    this.#views.set(id, view);
    return view;
  }

  #makeView(first: number, count: number): CacheView {
    const { kvHeads, headSize } = this.#config;
    const from = first * this.#slotLength();
    const to = (first + count) * this.#slotLength();
    const view: CacheView = { inputs: {}, outputs: {} };
    for (const [layer, [keys, values]] of this.#buffers.entries()) {
      const shape = [count, kvHeads, this.positions, headSize];
      const key = new Tensor('float32', keys.subarray(from, to), shape);
      const value = new Tensor('float32', values.subarray(from, to), shape);
      const ports = cachePorts(layer);
      view.inputs[ports.pastKey] = view.outputs[ports.key] = key;
      view.inputs[ports.pastValue] = view.outputs[ports.value] = value;
    }
    return view;
  }

  keepFirst(): Promise<void> {
    return Promise.resolve();
  }

  free(): void {
    this.#views.clear();
    this.#buffers.flat().forEach(({ buffer }) => buffer.transfer(0));
  }

  copy(from: number, to: number, length: number): Promise<void> {
    const { kvHeads, headSize } = this.#config;
    for (const buffer of this.#buffers.flat()) {
      for (let head = 0; head < kvHeads; head++) {
        const source = from * this.#slotLength() + head * this.positions * headSize;
        const target = to * this.#slotLength() + head * this.positions * headSize;
        buffer.copyWithin(target, source, source + length * headSize);
      }
    }
    return Promise.resolve();
  }
}
