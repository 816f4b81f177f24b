import assert from 'node:assert/strict';
import { usedPrecisions } from './device-precisions.ts';
import { devices } from './devices.ts';
import { type Device, runtimeSettings } from '../settings.ts';

const exact = () => Promise.resolve(true);
const saturated = () => Promise.resolve(false);
const balanced = {
  device: 'cpu',
  samplerPrecision: 'balanced',
  evalPrecision: 'balanced',
  trainPrecision: 'balanced',
} as const;

/** One that onnxruntime-node does not bring for this platform. */
function absentDevice(): Device {
  const platform = `${process.platform}-${process.arch}`;
  const device = runtimeSettings.device.kind.choices.find((name) => !devices[name].platforms.includes(platform));
  assert.ok(device);
  return device;
}

describe('precisions of a device', () => {
  it('are those that were asked for on a processor whose integer products are exact', async () => {
    assert.deepEqual(await usedPrecisions(balanced, exact), {
      samplerPrecision: 'balanced',
      evalPrecision: 'balanced',
      trainPrecision: 'balanced',
    });
  });

  it('are strict and exact on a processor whose integer products saturate, with the reason', async () => {
    const { reason, ...used } = await usedPrecisions(balanced, saturated);
    assert.deepEqual(used, { samplerPrecision: 'strict', evalPrecision: 'strict', trainPrecision: 'exact' });
    assert.match(
      reason ?? '',
      /^samplerPrecision=balanced is computed as strict, evalPrecision=balanced is .* trainPrecision=balanced is .* exact /,
    );
    assert.match(reason ?? '', /because integer products saturate on this processor/);
  });

  it('replace nothing there but integer products', async () => {
    const half = await usedPrecisions({ ...balanced, trainPrecision: 'half' }, saturated);
    assert.equal(half.trainPrecision, 'half');
    assert.doesNotMatch(half.reason ?? '', /trainPrecision/);
    const strict = await usedPrecisions({ ...balanced, samplerPrecision: 'strict', evalPrecision: 'exact' }, saturated);
    assert.deepEqual(
      [strict.samplerPrecision, strict.evalPrecision, strict.trainPrecision],
      ['strict', 'exact', 'exact'],
    );
    assert.doesNotMatch(strict.reason ?? '', /samplerPrecision/);
  });

  it('do not wait for the check where no integer products are asked for', async () => {
    const precisions = { samplerPrecision: 'strict', evalPrecision: 'exact', trainPrecision: 'exact' } as const;
    const never = () => assert.fail('the processor was checked');
    assert.deepEqual(await usedPrecisions({ device: 'cpu', ...precisions }, never), precisions);
  });

  it('have no integer products elsewhere, nor fp16 where the device does not compute in it', async () => {
    const device = absentDevice();
    const { reason, ...used } = await usedPrecisions({ ...balanced, device }, exact);
    assert.deepEqual(used, { samplerPrecision: 'strict', evalPrecision: 'strict', trainPrecision: 'exact' });
    assert.match(reason ?? '', new RegExp(`on ${device}\\.$`));
  });
});
