import { rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelFile } from '../../model/model.ts';
import { createGenerator, type Generator, type GeneratorOptions } from './generation.ts';
import { isFull, withWeights, type Trained } from '../decoder/trained.ts';
import { removeLeftovers } from '../weights/weights.ts';

/** A generator whose `adapter: true` means the policy that is trained, whatever is trained of it. */
export interface PolicyGenerator extends Pick<Generator, 'generate' | 'release' | 'close'> {
  /** What the policy is from now on; to be called again when it has changed in place. */
  use(trained: Trained): Promise<void>;
}

/**
 * An adapter is an input of the model's one generator. Weights that are trained have a generator of their own: they are
 * prepared anew, rounded as the sampler's precision says, when something is generated after an update. The prepared
 * files lie in a folder of this process, which goes with it.
 */
export async function createPolicyGenerator(
  model: ModelFile,
  trained: Trained,
  options: GeneratorOptions,
): Promise<PolicyGenerator> {
  const prepared = join(options.cacheDir, 'prepared');
  const scratch = join(prepared, `policy.tmp-${process.pid}`);
  let policy = trained;
  let version = 0;
  let base: Generator | undefined;
  let own: Generator | undefined;

  const baseGenerator = async (): Promise<Generator> => {
    if (!base) {
      base = await createGenerator(model, options);
      if (!isFull(policy)) {
        base.setAdapter(policy);
      }
    }
    return base;
  };
  const ownGenerator = async (): Promise<Generator> => {
    if (!isFull(policy)) {
      return baseGenerator();
    }
    const current = withWeights(model, policy, `${model.hash}-${version}`);
    own ??= await createGenerator(current, { ...options, cacheDir: scratch });
    return own;
  };
  const forgetOwn = async (): Promise<void> => {
    await own?.close();
    own = undefined;
    await rm(scratch, { recursive: true, force: true });
  };

  const tidy = () => rmSync(scratch, { recursive: true, force: true });
  process.once('exit', tidy);
  await removeLeftovers(prepared);
  if (!isFull(policy)) {
    await baseGenerator();
  }
  return {
    async generate(requests, { adapter, ...rest }) {
      const generator = await (adapter ? ownGenerator() : baseGenerator());
      return generator.generate(requests, { ...rest, adapter: adapter && !isFull(policy) });
    },
    async use(next) {
      policy = next;
      version++;
      await forgetOwn();
      if (!isFull(next)) {
        base?.setAdapter(next);
      }
    },
    async release() {
      await own?.release();
      await base?.release();
    },
    async close() {
      process.off('exit', tidy);
      await base?.close();
      await forgetOwn();
    },
  };
}
