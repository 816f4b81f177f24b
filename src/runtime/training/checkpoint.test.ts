import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DecoderConfig } from '../../model/model.ts';
import { readSafetensors, writeSafetensors } from '../../model/formats/safetensors.ts';
import { uniform } from '../../base/random.ts';
import { createAdapter } from '../decoder/adapter.ts';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts';
import { createOptimizerState } from './optimizer.ts';

const config: DecoderConfig = {
  architecture: 'llama',
  layers: 2,
  hidden: 64,
  ffn: 96,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  vocabulary: 50,
  ropeBase: 10_000,
  rmsEpsilon: 1e-6,
  contextLength: 128,
  attentionBias: false,
  headNorm: false,
  tiedEmbedding: true,
};

/** As after some training: nothing is zero. */
function trained(): Checkpoint {
  let drawn = 0;
  const random = () => uniform(1, drawn++);
  const adapter = createAdapter(config, 4, 8, random);
  adapter.pairs.forEach(({ b }) => b.forEach((_, i) => (b[i] = random())));
  const optimizer = createOptimizerState(adapter);
  optimizer.step = 17;
  [...optimizer.first, ...optimizer.second].forEach((moment) => moment.forEach((_, i) => (moment[i] = random())));
  return { adapter, optimizer };
}

describe('a checkpoint', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('comes back bit for bit', async () => {
    const checkpoint = trained();
    await writeCheckpoint(dir, checkpoint, 'some/model');
    assert.deepEqual(await readCheckpoint(dir, config), checkpoint);
  });

  it("has PEFT's names, shapes and settings", async () => {
    await writeCheckpoint(dir, trained(), 'some/model');
    const tensors = await readSafetensors(join(dir, 'adapter_model.safetensors'));
    assert.equal(tensors.size, 2 * 7 * 2);
    const shapeOf = (name: string) => tensors.get(`base_model.model.model.layers.1.${name}.weight`)?.shape;
    assert.deepEqual(shapeOf('mlp.down_proj.lora_A'), [4, 96]);
    assert.deepEqual(shapeOf('mlp.down_proj.lora_B'), [64, 4]);
    assert.deepEqual(shapeOf('self_attn.k_proj.lora_B'), [32, 4]);
    const written = JSON.parse(await readFile(join(dir, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
    assert.deepEqual(
      [written['peft_type'], written['r'], written['lora_alpha'], written['base_model_name_or_path']],
      ['LORA', 4, 8, 'some/model'],
    );
    assert.deepEqual(written['target_modules'], [
      'q_proj',
      'k_proj',
      'v_proj',
      'o_proj',
      'gate_proj',
      'up_proj',
      'down_proj',
    ]);
  });

  it('starts the optimiser afresh where only an adapter is given', async () => {
    const checkpoint = trained();
    await writeCheckpoint(dir, checkpoint, 'some/model');
    await rm(join(dir, 'optimizer.safetensors'));
    const read = await readCheckpoint(dir, config);
    assert.deepEqual(read.adapter, checkpoint.adapter);
    assert.equal(read.optimizer.step, 0);
    assert.ok(read.optimizer.first.every((moment) => moment.every((value) => value === 0)));
  });

  it('cannot be resumed without its optimiser', async () => {
    await writeCheckpoint(dir, trained(), 'some/model');
    await readCheckpoint(dir, config, { resume: true });
    await rm(join(dir, 'optimizer.safetensors'));
    await assert.rejects(readCheckpoint(dir, config, { resume: true }), {
      boundary: 'model',
      message: /lacks optimizer\.safetensors, without which training cannot be resumed/,
    });
  });

  it('is refused when a number of it was changed, in the adapter or in the optimiser', async () => {
    for (const name of ['adapter_model.safetensors', 'optimizer.safetensors']) {
      await writeCheckpoint(dir, trained(), 'some/model');
      const bytes = await readFile(join(dir, name));
      bytes.writeFloatLE(0.125, bytes.length - 400);
      await writeFile(join(dir, name), bytes);
      await assert.rejects(readCheckpoint(dir, config), {
        boundary: 'model',
        message: new RegExp(`${name} is damaged: the checksum of its tensors is`),
      });
    }
  });

  it('takes an adapter of some layers only: the others add nothing', async () => {
    await writeCheckpoint(dir, trained(), 'some/model');
    await rm(join(dir, 'optimizer.safetensors'));
    const path = join(dir, 'adapter_model.safetensors');
    const all = [...(await readSafetensors(path))];
    await writeSafetensors(path, new Map(all.filter(([name]) => name.includes('q_proj'))));
    const { adapter } = await readCheckpoint(dir, config);
    for (const { name, b } of adapter.pairs) {
      assert.equal(
        b.some((value) => value !== 0),
        name.endsWith('q_proj'),
        name,
      );
    }
  });

  it('refuses an adapter of another model, another kind, or half of one', async () => {
    await writeCheckpoint(dir, trained(), 'some/model');
    await assert.rejects(readCheckpoint(dir, { ...config, hidden: 128 }), {
      boundary: 'model',
      message: /where .* is needed/,
    });
    await assert.rejects(readCheckpoint(dir, { ...config, layers: 1 }), /does not have/);
    const path = join(dir, 'adapter_model.safetensors');
    const all = [...(await readSafetensors(path))];
    await writeSafetensors(path, new Map(all.slice(1)));
    await assert.rejects(readCheckpoint(dir, config), /only one of the two matrices/);
    await writeFile(join(dir, 'adapter_config.json'), '{"peft_type": "IA3"}');
    await assert.rejects(readCheckpoint(dir, config), /does not describe a LoRA adapter \(peft_type/);
    await assert.rejects(readCheckpoint(join(dir, 'none'), config), /missing/);
  });
});
