import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import {
  findCheckpoint,
  latestCheckpoint,
  listCheckpoints,
  mostCheckpoints,
  pruneCheckpoints,
  writeCheckpoint,
} from './checkpoint.ts';
import { runPaths } from './folder.ts';

const save = async (dir: string) => writeFileSync(join(dir, 'adapter_model.safetensors'), 'weights');

describe('checkpoints', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'selfq-check-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('gives back the state of the latest', async () => {
    await writeCheckpoint(dir, 1, save);
    await writeCheckpoint(dir, 2, save);
    const latest = latestCheckpoint(dir);
    assert.ok(latest);
    assert.deepEqual(JSON.parse(readFileSync(join(latest.dir, 'state.json'), 'utf8')), { step: 2 });
  });

  it('leaves nothing behind when saving fails, and the one before stays the latest', async () => {
    await writeCheckpoint(dir, 1, save);
    const failing = writeCheckpoint(dir, 2, async () => {
      throw new Error('the runtime died');
    });
    await assert.rejects(failing, /the runtime died/);
    assert.equal(latestCheckpoint(dir)?.step, 1);
    assert.ok(!existsSync(join(runPaths(dir).checkpoints, '000002.tmp')));
  });

  it('does not take a half-written folder of a killed engine for a checkpoint', async () => {
    await writeCheckpoint(dir, 1, save);
    mkdirSync(join(runPaths(dir).checkpoints, '000002.tmp'));
    assert.deepEqual(
      listCheckpoints(dir).map(({ step }) => step),
      [1],
    );
  });

  it('keeps the last three and every tenth', async () => {
    for (let step = 0; step <= 24; step++) {
      await writeCheckpoint(dir, step, save);
      pruneCheckpoints(dir);
    }
    assert.deepEqual(
      listCheckpoints(dir).map(({ step }) => step),
      [10, 20, 22, 23, 24],
    );
  });

  it('keeps the best one, however old', async () => {
    for (let step = 0; step <= 9; step++) {
      await writeCheckpoint(dir, step, save);
      pruneCheckpoints(dir, 2);
    }
    assert.deepEqual(
      listCheckpoints(dir).map(({ step }) => step),
      [2, 7, 8, 9],
    );
    assert.equal(mostCheckpoints(9, true), mostCheckpoints(9, false) + 1);
  });

  it('names the steps there are when asked for another', async () => {
    await writeCheckpoint(dir, 3, save);
    assert.throws(
      () => findCheckpoint(dir, 9),
      (error) => error instanceof BoundaryError && error.remedy.includes('3'),
    );
  });
});
