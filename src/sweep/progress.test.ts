import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleRun } from '../../test/support/run-examples.ts';
import { resolveConfig } from '../config/resolve.ts';
import { runPaths, writeRun } from '../run/folder.ts';
import { SweepDefinition } from './definition.ts';
import { gridOf } from './grid.ts';
import { isDone, progressOf } from './progress.ts';
import { listSweeps, readSweep, sweepPaths, writeSweep } from './record.ts';

const grid = gridOf(
  SweepDefinition.parse({
    name: 'rates',
    domain: 'coding',
    variants: { low: { learningRate: 1e-5 }, high: { learningRate: 1e-3 } },
    seeds: [1],
    steps: 4,
  }),
);

describe('how far a sweep is', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'selfq-sweep-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const place = (name: string, changes: object, settings: Record<string, string | number>): void => {
    mkdirSync(join(folder, name));
    const config = { ...resolveConfig('quick', { steps: 4, seed: 1, ...settings }) };
    writeRun(join(folder, name), { ...exampleRun(), steps: 4, step: 4, state: 'finished', config, ...changes });
  };

  it('is read from the folders of its runs', () => {
    place('rates.low.s1', {}, { learningRate: 1e-5 });
    const [low, high] = progressOf(grid, folder);
    assert.deepEqual([low?.state, high?.state, high?.record], ['finished', 'pending', undefined]);
    assert.ok(low && isDone(low) && high && !isDone(high));
  });

  it('is refused with the names of runs that were made with other settings, and with those settings', () => {
    place('rates.low.s1', {}, { learningRate: 1e-5 });
    place('rates.high.s1', { steps: 8 }, { learningRate: 2e-3, seed: 7 });
    assert.throws(
      () => progressOf(grid, folder),
      /rates\.high\.s1 \(seed 7, now 1, steps 8, now 4, learningRate 0\.002, now 0\.001\)\.$/,
    );
  });

  it('is refused where the folder of a run is damaged', () => {
    mkdirSync(join(folder, 'rates.low.s1'));
    writeFileSync(runPaths(join(folder, 'rates.low.s1')).run, '{"version": 1');
    assert.throws(() => progressOf(grid, folder), /rates\.low\.s1.*damaged/);
  });

  it('is written down beside the runs, where other programs find the sweeps', () => {
    const record = {
      version: 1 as const,
      name: 'rates',
      runs: [{ name: 'rates.low.s1', variant: 'low', seed: 1 }],
      failures: {},
    };
    assert.equal(readSweep(folder, 'rates'), undefined);
    writeSweep(folder, record);
    mkdirSync(join(folder, 'broken'));
    writeFileSync(sweepPaths(folder, 'broken').record, '{');
    assert.deepEqual(listSweeps(folder), [record]);
    assert.deepEqual(listSweeps(join(folder, 'none')), []);
  });
});
