import { Tensor, type InferenceSession, type OnnxValue } from 'onnxruntime-node';
import type { DecoderConfig } from '../../model/model.ts';
import { Graph } from '../../onnx/graph.ts';
import type { Device } from '../settings.ts';
import { cachePorts, type Cache, type Caches, type Slots } from './kv-cache.ts';
import { createSession, type Tensors } from '../devices/session.ts';

/** Caches in the memory of `device`. */
export async function deviceCaches(config: DecoderConfig, device: Device): Promise<Caches> {
  const rearranger = await createRearranger(config, device);
  return {
    make: (slots, positions) => new DeviceCache(config, slots, positions, rearranger),
    close: () => rearranger.close(),
  };
}

/** The outputs that must stay on the device. */
export function presentPorts(config: DecoderConfig): string[] {
  return allPorts(config).map(({ out }) => out);
}

/**
 * Keys and values in the memory of a device, where every run of the graph leaves them for the next one. onnxruntime-node
 * 1.30 cannot read such tensors back, so that slots are put together and copied by separate graphs, on the device.
 */
class DeviceCache implements Cache {
  readonly slots: number;
  readonly positions: number;
  readonly #config: DecoderConfig;
  readonly #rearranger: Rearranger;
  /** Of the slots that were used so far, [filled, kvHeads, positions, headSize] by past port. */
  #held: Tensors = {};
  #filled = 0;

  constructor(config: DecoderConfig, slots: number, positions: number, rearranger: Rearranger) {
    this.#config = config;
    this.slots = slots;
    this.positions = positions;
    this.#rearranger = rearranger;
  }

  async run(session: InferenceSession, { first, count }: Slots, inputs: Tensors, outputs: Tensors): Promise<void> {
    await this.#fill(first + count);
    const isWhole = first === 0 && count === this.#filled;
    const past = isWhole ? this.#held : await this.#gather(range(first, first + count));
    try {
      const present = await this.#runOn(past, session, inputs, outputs);
      if (isWhole) {
        this.#replace(present);
        return;
      }
      const order = range(0, this.#filled).map((slot) =>
        slot >= first && slot < first + count ? this.#filled + slot - first : slot,
      );
      this.#replace(await this.#rearranger.rearrange(this.#held, order, present));
      dispose(present);
    } finally {
      if (!isWhole) {
        dispose(past);
      }
    }
  }

  /** Runs the graph on `past`; returns what the slots hold then, by past port. */
  async #runOn(past: Tensors, session: InferenceSession, inputs: Tensors, outputs: Tensors): Promise<Tensors> {
    const ports = allPorts(this.#config);
    const fetched = [...Object.keys(outputs), ...ports.map(({ out }) => out)];
    const results = await session.run({ ...inputs, ...past }, fetched);
    for (const [name, { data }] of Object.entries(outputs)) {
      const result = resultOf(results, name).data;
      if (!(data instanceof Float32Array && result instanceof Float32Array)) {
        throw new TypeError(`output ${name} is not fp32`);
      }
      data.set(result);
    }
    return Object.fromEntries(ports.map(({ past: name, out }) => [name, resultOf(results, out)]));
  }

  /** Whole slots: what follows the copied tokens is overwritten before anything reads it. */
  async copy(from: number, to: number): Promise<void> {
    await this.#fill(to + 1);
    this.#replace(await this.#gather(range(0, this.#filled).map((slot) => (slot === to ? from : slot))));
  }

  async keepFirst(count: number): Promise<void> {
    if (count < this.#filled) {
      this.#replace(await this.#gather(range(0, count)));
      this.#filled = count;
    }
  }

  free(): void {
    this.#replace({});
    this.#filled = 0;
  }

  #replace(held: Tensors): void {
    dispose(this.#held);
    this.#held = held;
  }

  #gather(order: readonly number[]): Promise<Tensors> {
    return this.#rearranger.rearrange(this.#held, order);
  }

  /** Makes slots up to `slots` of zeros where there are none yet. */
  async #fill(slots: number): Promise<void> {
    const missing = slots - this.#filled;
    if (missing <= 0) {
      return;
    }
    const { kvHeads, headSize } = this.#config;
    const shape = [missing, kvHeads, this.positions, headSize];
    const zeros = new Tensor('float32', new Float32Array(missing * kvHeads * this.positions * headSize), shape);
    const more = Object.fromEntries(allPorts(this.#config).map(({ past }) => [past, zeros]));
    this.#replace(this.#filled === 0 ? more : await this.#rearranger.rearrange(this.#held, range(0, slots), more));
    this.#filled = slots;
  }
}

/** Puts slots together by graphs on the device; serves caches of every size. */
interface Rearranger {
  /** Slots `order` of `held` followed by `more`, as new tensors. */
  rearrange(held: Tensors, order: readonly number[], more?: Tensors): Promise<Tensors>;
  close(): Promise<void>;
}

async function createRearranger(config: DecoderConfig, device: Device): Promise<Rearranger> {
  const options = { device, threads: 1, onDevice: presentPorts(config) };
  const gather = await createSession(rearrangement(config, false), options);
  const merge = await createSession(rearrangement(config, true), options);
  return {
    async rearrange(held, order, more) {
      const added = Object.entries(more ?? {}).map(([name, tensor]): [string, Tensor] => [`${name}.more`, tensor]);
      const slots = new Tensor('int64', BigInt64Array.from(order, BigInt), [order.length]);
      const results = await (more ? merge : gather).run({ ...held, ...Object.fromEntries(added), slots });
      return Object.fromEntries(allPorts(config).map(({ past, out }) => [past, resultOf(results, out)]));
    },
    async close() {
      await gather.release();
      await merge.release();
    },
  };
}

function rearrangement(config: DecoderConfig, merges: boolean): Graph {
  const graph = new Graph();
  const dims = (slots: string) => [slots, config.kvHeads, 'positions', config.headSize];
  const slots = graph.input('slots', 'int64', ['chosen']);
  for (const { past, out } of allPorts(config)) {
    const held = graph.input(past, 'float', dims('held'));
    const all = merges
      ? graph.op('Concat', [held, graph.input(`${past}.more`, 'float', dims('more'))], { axis: 0 })
      : held;
    graph.output(out, graph.op('Gather', [all, slots], { axis: 0 }), 'float', dims('chosen'));
  }
  return graph;
}

function allPorts({ layers }: DecoderConfig): { past: string; out: string }[] {
  return range(0, layers).flatMap((layer) => {
    const { pastKey, pastValue, key, value } = cachePorts(layer);
    return [
      { past: pastKey, out: key },
      { past: pastValue, out: value },
    ];
  });
}

function resultOf(results: Readonly<Record<string, OnnxValue>>, name: string): Tensor {
  const result = results[name];
  if (!(result instanceof Tensor)) {
    throw new TypeError(`the graph has no tensor ${name}`);
  }
  return result;
}

function dispose(tensors: Tensors): void {
  new Set(Object.values(tensors)).forEach((tensor) => tensor.dispose());
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
