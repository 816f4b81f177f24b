import { elementsOf, expectedTensors } from '../../model/layout.ts';
import type { DecoderConfig, ModelFile } from '../../model/model.ts';
import type { Adapter, LoraPair } from './adapter.ts';
import { adaptedLinears } from './decoder.ts';

/** What a trained tensor is called, here and as a graph's input, and its shape. */
export interface ParameterShape {
  name: string;
  shape: readonly number[];
}

/** A trained tensor, row-major. */
export interface Parameter extends ParameterShape {
  data: Float32Array;
}

/** Every weight of a model, for full fine-tuning: names and shapes of Hugging Face, a tied head once. */
export interface FullWeights {
  tensors: readonly Parameter[];
}

/** What is trained of a policy, in place: an adapter beside frozen weights, or the weights themselves. */
export type Trained = Adapter | FullWeights;

/** Whether every weight of the model is trained, instead of an adapter. */
export function isFull(trained: Trained): trained is FullWeights {
  return 'tensors' in trained;
}

/** Names (also of a graph's inputs) and shapes of what is trained. Without `lora`: every weight. */
export function parameterShapes(config: DecoderConfig, lora?: { rank: number }): ParameterShape[] {
  if (!lora) {
    return [...expectedTensors(config)].map(([name, shape]) => ({ name, shape }));
  }
  return adaptedLinears(config).flatMap((linear) => {
    const { a, b } = pairShapes({ ...linear, rank: lora.rank });
    return [a, b];
  });
}

/** Names and shapes of the two matrices of a LoRA pair. */
export function pairShapes({ name, inputs, outputs, rank }: Pick<LoraPair, 'name' | 'inputs' | 'outputs' | 'rank'>): {
  a: ParameterShape;
  b: ParameterShape;
} {
  return {
    a: { name: `${name}.lora_A`, shape: [rank, inputs] },
    b: { name: `${name}.lora_B`, shape: [outputs, rank] },
  };
}

/** Numbers in all of these tensors. */
export function countParameters(shapes: readonly ParameterShape[]): number {
  return shapes.reduce((sum, { shape }) => sum + elementsOf(shape), 0);
}

/** The trained tensors in the order of {@link parameterShapes} and of the optimiser's state. */
export function parametersOf(trained: Trained): Parameter[] {
  if (isFull(trained)) {
    return [...trained.tensors];
  }
  return trained.pairs.flatMap((pair) => {
    const shapes = pairShapes(pair);
    return [
      { ...shapes.a, data: pair.a },
      { ...shapes.b, data: pair.b },
    ];
  });
}

/** The weights of a model file, to be trained. */
export async function readFullWeights(model: ModelFile): Promise<FullWeights> {
  const tensors: Parameter[] = [];
  for (const { name, shape } of parameterShapes(model.config)) {
    tensors.push({ name, shape, data: await model.tensor(name) });
  }
  return { tensors };
}

/** The model with `weights` in place of its own; `hash` tells this version of it from others. */
export function withWeights(model: ModelFile, { tensors }: FullWeights, hash: string): ModelFile {
  const data = new Map(tensors.map((tensor) => [tensor.name, tensor.data]));
  return {
    path: model.path,
    hash,
    config: model.config,
    tokenizer: model.tokenizer,
    has: (name) => data.has(name),
    tensor: (name) => {
      const replaced = data.get(name);
      return replaced ? Promise.resolve(replaced.slice()) : model.tensor(name);
    },
    close: () => Promise.resolve(),
  };
}
