import assert from 'node:assert/strict';
import { access, mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import type { ModelFile } from '../../model/model.ts';
import { openModel } from '../../model/open.ts';
import { uniform } from '../../base/random.ts';
import { createAdapter } from '../decoder/adapter.ts';
import { writeCheckpoint } from './checkpoint.ts';
import {
  isFullCheckpoint,
  readFullCheckpoint,
  readTrained,
  writeFullCheckpoint,
  type FullCheckpoint,
} from './full-checkpoint.ts';
import { isFull, readFullWeights } from '../decoder/trained.ts';
import { createOptimizerState } from './optimizer.ts';

describe('a checkpoint of all weights', () => {
  let dir: string;
  let model: ModelFile;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'full-checkpoint-'));
    await writeTinyModel(join(dir, 'model'));
    model = await openModel(join(dir, 'model'));
  });
  afterEach(async () => {
    await model.close();
    await rm(dir, { recursive: true, force: true });
  });

  /** As after some training: nothing is as it was. */
  async function trained(): Promise<FullCheckpoint> {
    const weights = await readFullWeights(model);
    const optimizer = createOptimizerState(weights);
    optimizer.step = 17;
    let drawn = 0;
    const arrays = [...weights.tensors.map(({ data }) => data), ...optimizer.first, ...optimizer.second];
    arrays.forEach((array) => array.forEach((_, i) => (array[i] = uniform(1, drawn++))));
    return { weights, optimizer };
  }

  it('comes back bit for bit', async () => {
    const checkpoint = await trained();
    await writeFullCheckpoint(dir, checkpoint);
    assert.deepEqual(await readFullCheckpoint(dir, model.config), checkpoint);
    assert.deepEqual(await readTrained(dir, model.config), checkpoint.weights);
  });

  it('holds no moments before the first update, and has them at zero again', async () => {
    const weights = await readFullWeights(model);
    const checkpoint = { weights, optimizer: createOptimizerState(weights) };
    await writeFullCheckpoint(dir, checkpoint);
    await assert.rejects(access(join(dir, 'optimizer.safetensors')));
    assert.deepEqual(await readFullCheckpoint(dir, model.config), checkpoint);
  });

  it('cannot be resumed without its optimiser once there was an update', async () => {
    await writeFullCheckpoint(dir, await trained());
    await rm(join(dir, 'optimizer.safetensors'));
    await assert.rejects(readFullCheckpoint(dir, model.config, { resume: true }), {
      boundary: 'model',
      message: /lacks optimizer\.safetensors/,
    });
    await readFullCheckpoint(dir, model.config);
    const weights = await readFullWeights(model);
    await writeFullCheckpoint(dir, { weights, optimizer: createOptimizerState(weights) });
    await readFullCheckpoint(dir, model.config, { resume: true });
  });

  it('is told from one of an adapter', async () => {
    const adapter = createAdapter(model.config, 2, 4, () => 0.5);
    await writeCheckpoint(dir, { adapter, optimizer: createOptimizerState(adapter) }, 'tiny');
    assert.ok(!isFullCheckpoint(dir));
    assert.ok(!isFull(await readTrained(dir, model.config)));
    await writeFullCheckpoint(dir, await trained());
    assert.ok(isFullCheckpoint(dir));
  });

  it('is refused by another model, and where it is torn', async () => {
    await writeFullCheckpoint(dir, await trained());
    await assert.rejects(readFullCheckpoint(dir, { ...model.config, hidden: 128 }), /where \[384, 128\] is needed/);
    await assert.rejects(readFullCheckpoint(dir, { ...model.config, layers: 3 }), /lacks model.layers.2/);
    await assert.rejects(readFullCheckpoint(dir, { ...model.config, layers: 1 }), /does not have/);
    await truncate(join(dir, 'weights.safetensors'), 10_000);
    await assert.rejects(readFullCheckpoint(dir, model.config), /torn/);
  });
});
