import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile } from '../../model/model.ts';
import { createGenerator, type Generator, type GeneratorOptions } from './generation.ts';
import type { Adapter } from '../decoder/adapter.ts';
import { isFull, withWeights, type Trained } from '../decoder/trained.ts';
import { openPreparedFolder } from '../weights/weights.ts';

/** A generator whose `adapter: true` means the policy that is trained, whatever is trained of it. */
export interface PolicyGenerator extends Pick<Generator, 'generate' | 'embed' | 'complete' | 'release' | 'close'> {
  /** See {@link Generator}. */
  addAdapter(name: string, adapter: Adapter): Promise<void>;
  /** What the policy is from now on; to be called again when it has changed in place. */
  use(trained: Trained): Promise<void>;
}

/**
 * An adapter is an input of the model's one generator. Weights that are trained have a second generator: they are
 * prepared again, rounded as the sampler's precision says, when something is generated after an update. The prepared
 * files lie in a temporary folder of this process.
 */
export async function createPolicyGenerator(
  model: ModelFile,
  trained: Trained,
  options: GeneratorOptions,
): Promise<PolicyGenerator> {
  const scratch = join(await openPreparedFolder(options.cacheDir), `policy.tmp-${process.pid}`);
  let policy = trained;
  let version = 0;
  let base: Generator | undefined;
  let trainedCopy: Generator | undefined;

  const baseGenerator = async (): Promise<Generator> => {
    if (!base) {
      base = await createGenerator(model, options);
      if (!isFull(policy)) {
        base.setAdapter(policy);
      }
    }
    return base;
  };
  const policyGenerator = async (): Promise<Generator> => {
    if (!isFull(policy)) {
      return baseGenerator();
    }
    const current = withWeights(model, policy, `${model.hash}-${version}`);
    trainedCopy ??= await createGenerator(current, { ...options, cacheDir: scratch });
    return trainedCopy;
  };
  const discardTrained = async (): Promise<void> => {
    await trainedCopy?.close();
    trainedCopy = undefined;
    await rm(scratch, { recursive: true, force: true });
  };

  const removeScratch = () => rmSync(scratch, { recursive: true, force: true });
  process.once('exit', removeScratch);
  if (!isFull(policy)) {
    await baseGenerator();
  }
  return {
    async generate(requests, { adapter, ...rest }) {
      const generator = await (adapter ? policyGenerator() : baseGenerator());
      return generator.generate(requests, { ...rest, adapter: adapter && !isFull(policy) });
    },
    async embed(prompts, { adapter, ...rest }) {
      const generator = await (adapter ? policyGenerator() : baseGenerator());
      return generator.embed(prompts, { ...rest, adapter: adapter && !isFull(policy) });
    },
    async complete(requests, rest) {
      return (await baseGenerator()).complete(requests, rest);
    },
    async addAdapter(name, adapter) {
      (await baseGenerator()).addAdapter(name, adapter);
    },
    async use(next) {
      policy = next;
      version++;
      await discardTrained();
      if (!isFull(next)) {
        base?.setAdapter(next);
      }
    },
    async release() {
      await trainedCopy?.release();
      await base?.release();
    },
    async close() {
      process.off('exit', removeScratch);
      await base?.close();
      await discardTrained();
    },
  };
}
