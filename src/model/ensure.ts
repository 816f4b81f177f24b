import { BoundaryError } from '../base/errors.ts';
import { pullModel, type PullOptions } from './fetch/download.ts';
import { pullHubModel } from './fetch/hub-model.ts';
import { assertReady, type ChosenModel } from './installed.ts';

/**
 * Makes sure that a model is here and whole; one of the catalogue or the hub is fetched where it is not. `from`: a copy
 * that the user has, for a model of the catalogue. Throws BoundaryError('model') where it cannot be had.
 */
export async function ensureModel(model: ChosenModel, options: PullOptions): Promise<void> {
  const { id, entry, hub } = model;
  if (entry) {
    await pullModel(entry, options);
    return;
  }
  if (options.from !== undefined) {
    throw new BoundaryError(
      'usage',
      `--from is for models of the catalogue, and ${id} is not in it.`,
      'Use your file or folder as it is: --model PATH.',
    );
  }
  await (hub ? pullHubModel(hub, options) : assertReady(model));
}
