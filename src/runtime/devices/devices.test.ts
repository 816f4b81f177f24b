import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../../test/support/runtime-settings.ts';
import { gradientAlone } from '../../../test/support/gradient.ts';
import { findWebGpu, type WebGpu } from '../../../test/support/software-vulkan.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { readSafetensors } from '../../model/formats/safetensors.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { Device } from '../settings.ts';
import { RuntimeProcess } from '../process/client.ts';
import { forDevice } from './device-probe.ts';
import { devices } from './devices.ts';
import { tinyArchitectures } from '../fixtures/tiny-architectures.ts';

/** What one device computes from the same model, adapter and tokens. */
interface Computed {
  greedy: number[][];
  sampled: number;
  /** Whether it computes in fp16. */
  half: boolean;
  logprobs: number[];
  loss: number;
  gradient: Map<string, Float32Array>;
}

/** Those that onnxruntime-node does not bring for this platform. */
function absentDevices(): Device[] {
  const platform = `${process.platform}-${process.arch}`;
  return (Object.keys(devices) as Device[]).filter((name) => !devices[name].platforms.includes(platform));
}

describe('a device', () => {
  it('that onnxruntime-node does not bring for this platform is refused with the reason', async () => {
    const [device] = absentDevices();
    assert.ok(device);
    const runtime = new RuntimeProcess();
    await assert.rejects(runtime.call('probeDevice', { device }), (error) => {
      assert.ok(error instanceof BoundaryError);
      assert.match(error.message, new RegExp(`${device} does not work here: onnxruntime-node has it on`));
      return true;
    });
    await runtime.close();
  });

  it('such as the processor works', async () => {
    const runtime = new RuntimeProcess();
    await runtime.call('probeDevice', { device: 'cpu' });
    await runtime.close();
  });
});

describe('precisions for a device', () => {
  const balanced = { ...exactRuntime, samplerPrecision: 'balanced', trainPrecision: 'balanced' } as const;

  it('are those that were asked for on the processor', async () => {
    assert.deepEqual(await forDevice({ ...balanced, device: 'cpu' }), { ...balanced, device: 'cpu' });
  });

  it('have no integer products elsewhere, nor fp16 where the device does not compute in it', async () => {
    const [device] = absentDevices();
    assert.ok(device);
    const { samplerPrecision, trainPrecision } = await forDevice({ ...balanced, device });
    assert.deepEqual([samplerPrecision, trainPrecision], ['strict', 'exact']);
  });
});

describe('the runtime on WebGPU', function () {
  // A graphics card in software compiles each of its programs first.
  this.timeout(600_000);
  let webGpu: WebGpu;
  let dir = '';
  before(async function () {
    webGpu = await findWebGpu();
    if ('reason' in webGpu) {
      process.stderr.write(`    skipped: ${webGpu.reason}\n`);
      this.skip();
    }
    dir = await mkdtemp(join(tmpdir(), 'selfq-devices-'));
    await writeTinyModel(dir, tinyArchitectures.qwen3);
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('computes the tokens, logprobs and gradient of the processor', async () => {
    assert.ok('env' in webGpu);
    const expected = await compute('cpu', {});
    const actual = await compute('webgpu', webGpu.env);
    assert.equal(expected.greedy.length, 7);
    assert.deepEqual(actual.greedy, expected.greedy);
    assert.equal(actual.sampled, expected.sampled);
    assert.equal(actual.logprobs.length, expected.logprobs.length);
    const tolerance = actual.half ? 1e-2 : 1e-3;
    const isNear = (x: number, truth: number) => Math.abs(x - truth) < 0.1 * tolerance;
    actual.logprobs.forEach((x, i) => assert.ok(isNear(x, expected.logprobs[i]!), `token ${i}: ${x}`));
    assert.ok(isNear(actual.loss, expected.loss));
    assert.ok(expected.gradient.size > 0);
    assert.deepEqual([...actual.gradient.keys()], [...expected.gradient.keys()]);
    for (const [name, gradient] of expected.gradient) {
      const distance = Math.hypot(...actual.gradient.get(name)!.map((x, i) => x - gradient[i]!));
      assert.ok(distance <= tolerance * Math.hypot(...gradient), `${name}: distance ${distance}`);
    }
  });

  async function compute(device: Device, env: Record<string, string>): Promise<Computed> {
    const runtime = new RuntimeProcess({ env });
    const lora = { loraRank: 4, loraAlpha: 8, seed: 1 };
    // Asked for integer products, a device without them takes the nearest that it has.
    const precisions =
      device === 'cpu'
        ? ({ samplerPrecision: 'strict', trainPrecision: 'exact' } as const)
        : ({ samplerPrecision: 'balanced', trainPrecision: 'balanced' } as const);
    const sizes = { slots: 4, contextTokens: 128 };
    const model = { ...exactRuntime, modelPath: dir, cacheDir: dir, device, ...lora, ...sizes, ...precisions };
    try {
      const { half } = await runtime.call('probeDevice', { device });
      await runtime.call('load', model);
      const request = (text: string, temperature: number, samples: number, maxTokens: number) => {
        return { prompt: { text }, samples, maxTokens, temperature, seed: 3 };
      };
      const story = 'once upon a time, there';
      // More rows than slots, which end at different times, and a prompt that leaves nothing to prefill.
      const requests = [request(story, 0, 3, 10), request('a', 0, 2, 6), request('once upon a hill', 0, 2, 4)];
      const greedy = (await runtime.call('generate', { requests, adapter: true })).flat();
      const sampled = await runtime.call('generate', { requests: [request(story, 1, 3, 10)], adapter: true });
      const { promptTokenIds } = greedy[0]!;
      const tokenIds = Array.from({ length: 20 }, (_, i) => (31 * i + 7) % 256);
      const sequences = [
        { promptTokenIds, tokenIds },
        { promptTokenIds, tokenIds: tokenIds.slice(5, 12) },
      ];
      const logprobs = await runtime.call('logprobs', { sequences, adapter: true });
      const batch = sequences.map((sequence, i) => ({
        ...sequence,
        id: `s${i}`,
        advantage: i === 0 ? 1 : -0.5,
        oldLogprobs: logprobs[i]!,
      }));
      const [record] = await runtime.call('train', { sequences: batch, options: gradientAlone });
      const checkpoint = join(dir, `checkpoint-${device}`);
      await mkdir(checkpoint);
      await runtime.call('saveCheckpoint', { dir: checkpoint, baseModel: 'tiny' });
      const stored = [...(await readSafetensors(join(checkpoint, 'optimizer.safetensors')))];
      return {
        greedy: greedy.map(({ tokenIds }) => tokenIds),
        sampled: sampled.flat().length,
        half,
        logprobs: logprobs.flat(),
        loss: record!.loss,
        gradient: new Map(stored.filter(([name]) => /first/.test(name)).map(([name, { data }]) => [name, data])),
      };
    } finally {
      await runtime.close();
    }
  }
});
