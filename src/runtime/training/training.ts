import { isFull } from '../decoder/trained.ts';
import { halfMatrices, int8Matrices } from '../weights/frozen-matrices.ts';
import { trainerFormats } from '../weights/precision.ts';
import { isInt8, type WeightFormat } from '../weights/weight-plan.ts';
import { preparedFolder, prepareWeights, relativeTo, type PreparedWeights } from '../weights/weights.ts';
import { scoreSequences, trainMiniBatches } from './mini-batches.ts';
import type { Trainer, TrainerOptions } from './trainer.ts';
import { TrainingSessions, type FrozenOptions } from './training-sessions.ts';

/**
 * A trainer. Weights are prepared at once, on first use of the model; the sessions that hold them are made by the first
 * call that needs them. Throws as `prepareWeights` does.
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const sessions = new TrainingSessions(await prepareTraining(options), options);
  return {
    train: (sequences, settings, hooks) => trainMiniBatches(sessions, options, sequences, settings, hooks),
    logprobs: (sequences, adapter, hooks) => scoreSequences(sessions, sequences, adapter, hooks),
    release: () => sessions.close(),
    close: () => sessions.close(),
  };
}

async function prepareTraining({
  model,
  cacheDir,
  trainPrecision,
  trained,
  onLoad,
}: TrainerOptions): Promise<{ weights: PreparedWeights; frozen: FrozenOptions }> {
  const format = isFull(trained) ? 'fp32' : trainerFormats[trainPrecision];
  const prepare = async (wanted: WeightFormat) =>
    relativeTo(preparedFolder(cacheDir), await prepareWeights(model, cacheDir, wanted, onLoad));
  const weights = await prepare('fp32');
  if (format === 'fp32') {
    return { weights, frozen: {} };
  }
  const rounded = await prepare(format);
  const matrices = isInt8(format) ? int8Matrices : halfMatrices;
  const frozen: FrozenOptions = {
    matrices: (graph) => matrices(graph, weights, rounded),
    roundKept: isInt8(format),
  };
  return { weights, frozen };
}
