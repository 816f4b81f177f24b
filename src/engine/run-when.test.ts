import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { resolveConfig } from '../config/resolve.ts';
import { createRunWhen, linuxOnBattery, macOnBattery, windowsOnBattery } from './run-when.ts';

const at = (time: string, battery = false) => ({
  now: () => new Date(`2026-03-04T${time}:00`),
  onBattery: async () => battery,
});

describe('when a run works', () => {
  it('is always, unless it is told otherwise', async () => {
    assert.equal(await createRunWhen('always', at('12:00', true))(), undefined);
  });

  it('is within its hours, over midnight too, the end not included', async () => {
    const held = (runWhen: string, time: string) => createRunWhen(runWhen, at(time))();
    for (const [time, expected] of [
      ['21:59', 'hours'],
      ['22:00', undefined],
      ['00:00', undefined],
      ['06:59', undefined],
      ['07:00', 'hours'],
    ] as const) {
      assert.equal(await held('22:00-07:00', time), expected, time);
    }
    assert.equal(await held('09:00-17:00', '08:59'), 'hours');
    assert.equal(await held('09:00-17:00', '16:59'), undefined);
    assert.equal(await held('00:00-00:00', '16:59'), undefined);
  });

  it('is on mains power, which is asked again after half a minute', async () => {
    let seconds = 0;
    let battery = true;
    let asked = 0;
    const held = createRunWhen('onMainsPower', {
      now: () => new Date(1000 * seconds),
      onBattery: async () => {
        asked++;
        return battery;
      },
    });
    assert.equal(await held(), 'battery');
    battery = false;
    seconds = 29;
    assert.equal(await held(), 'battery');
    seconds = 30;
    assert.equal(await held(), undefined);
    assert.equal(asked, 2);
  });

  it('is refused where it is no such time', () => {
    for (const runWhen of ['night', '22-7', '24:00-07:00', '22:60-07:00', '']) {
      assert.throws(() => resolveConfig('quick', { runWhen }), BoundaryError, runWhen);
    }
    assert.equal(resolveConfig('quick', { runWhen: '22:00-07:00' }).runWhen, '22:00-07:00');
  });
});

describe('whether a machine runs on its battery', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'selfq-power-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const supply = (name: string, files: Record<string, string>): void => {
    mkdirSync(join(folder, name));
    Object.entries(files).forEach(([file, text]) => writeFileSync(join(folder, name, file), `${text}\n`));
  };

  it('is read from the files of Linux', async () => {
    assert.equal(await linuxOnBattery(join(folder, 'none')), false);
    supply('hidpp_battery_0', { type: 'Battery', scope: 'Device', status: 'Discharging' });
    assert.equal(await linuxOnBattery(folder), false);
    supply('BAT0', { type: 'Battery', status: 'Discharging' });
    assert.equal(await linuxOnBattery(folder), true);
    supply('AC', { type: 'Mains', online: '1' });
    assert.equal(await linuxOnBattery(folder), false);
  });

  it('is read from what macOS and Windows say', () => {
    assert.equal(macOnBattery("Now drawing from 'Battery Power'\n -InternalBattery-0 83%; discharging"), true);
    assert.equal(macOnBattery("Now drawing from 'AC Power'\n -InternalBattery-0 83%; charging"), false);
    assert.equal(windowsOnBattery('1\r\n'), true);
    assert.equal(windowsOnBattery('2\r\n'), false);
    assert.equal(windowsOnBattery(''), false);
  });
});
