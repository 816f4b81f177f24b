import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { spareCheckpoints } from './checkpoint.ts';
import { diskUse } from './disk-use.ts';
import { runPaths, stepName } from './folder.ts';
import { parseTags, readNotes, writeNotes } from './notes.ts';

describe('what a person writes about a run', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-notes-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is kept part by part, and none before it is written', () => {
    assert.deepEqual(readNotes(dir), { tags: [], note: '' });
    writeNotes(dir, { tags: ['good'] });
    writeNotes(dir, { note: 'by night', name: 'Best' });
    assert.deepEqual(readNotes(dir), { name: 'Best', tags: ['good'], note: 'by night' });
    writeNotes(dir, { name: undefined });
    assert.equal(readNotes(dir).name, undefined);
  });

  it('is refused where it is too long, and read as none where it is damaged', () => {
    assert.throws(() => writeNotes(dir, { note: 'x'.repeat(2001) }), BoundaryError);
    writeFileSync(runPaths(dir).notes, '{"tags": 5}');
    assert.deepEqual(readNotes(dir), { tags: [], note: '' });
  });

  it('is not written through a link', () => {
    const outside = join(dir, 'outside');
    writeFileSync(outside, 'mine');
    const run = join(dir, 'run');
    mkdirSync(run);
    symlinkSync(outside, runPaths(run).notes);
    assert.throws(() => writeNotes(run, { note: 'x' }), BoundaryError);
    assert.deepEqual(readNotes(run), { tags: [], note: '' });
  });

  it('has tags from one line, each once', () => {
    assert.deepEqual(parseTags(' good, seed 3,good,,'), ['good', 'seed 3']);
    assert.deepEqual(parseTags(''), []);
  });
});

describe('the disk use of a run', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-disk-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is that of all files below its folder, without following links', async () => {
    const { checkpoints } = runPaths(dir);
    mkdirSync(join(checkpoints, 'deep'), { recursive: true });
    writeFileSync(join(dir, 'a'), Buffer.alloc(1000));
    writeFileSync(join(checkpoints, 'deep', 'b'), Buffer.alloc(234));
    symlinkSync('/', join(dir, 'everything'));
    assert.equal(await diskUse(dir), 1234);
    assert.equal(await diskUse(join(dir, 'nowhere')), 0);
  });

  it('can be made smaller by all checkpoints but the last and the best', () => {
    const { checkpoints } = runPaths(dir);
    for (const step of [0, 10, 18, 19, 20]) {
      mkdirSync(join(checkpoints, stepName(step)), { recursive: true });
      writeFileSync(join(checkpoints, stepName(step), 'state.json'), '{}');
    }
    const steps = (best?: number): number[] => spareCheckpoints(dir, best).map(({ step }) => step);
    assert.deepEqual(steps(10), [0, 18, 19]);
    assert.deepEqual(steps(), [0, 10, 18, 19]);
    assert.deepEqual(steps(20), [0, 10, 18, 19]);
  });
});
