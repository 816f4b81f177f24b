import assert from 'node:assert/strict';
import { resolveConfig } from './resolve.ts';
import { readStored, resolveStored, type Changes } from './stored.ts';
import { tables } from './tables.ts';

const whole = resolveConfig('laptop', { topic: 'arrays' });

describe('the settings of a run folder', () => {
  it('are read as they are when this version wrote them', () => {
    assert.deepEqual(resolveStored({ ...whole }), { config: whole, notes: [] });
  });

  it('that this version does not know are ignored and named', () => {
    const { config, notes } = resolveStored({ ...whole, curriculum: 'steep', halves: 2 });
    assert.deepEqual(config, whole);
    assert.deepEqual(notes, ['Settings that this version does not know are ignored: curriculum=steep, halves=2.']);
  });

  it('that an older version did not have get their defaults, which are named', () => {
    const { sleepMode: _, topK: __, ...older } = whole;
    const { config, notes } = resolveStored(older);
    assert.deepEqual(config, { ...whole, sleepMode: 'on' });
    assert.deepEqual(notes, ['Settings that this run was begun without have their defaults: topK=0, sleepMode=on.']);
  });

  it('do what runs did before a setting existed, where its default does something else', () => {
    const { behaviourDuplicates: _, ...older } = whole;
    assert.equal(whole['behaviourDuplicates'], 'reject');
    const { config, notes } = resolveStored(older);
    assert.equal(config.behaviourDuplicates, 'count');
    assert.deepEqual(notes, [
      'Settings that are newer than this run do what was done before: behaviourDuplicates=count.',
    ]);
    assert.equal(resolveStored(whole).config.behaviourDuplicates, 'reject');
  });

  it('count under the name and the choice that they have now', () => {
    const { gradientCheckpointing: _, ...older } = whole;
    const changes: Changes = {
      before: {},
      renamed: { recomputation: 'gradientCheckpointing' },
      replaced: { gradientCheckpointing: { everything: 'full' } },
    };
    const { values, notes } = readStored(tables, changes, { ...older, recomputation: 'everything' });
    assert.deepEqual(values, { ...whole, gradientCheckpointing: 'full' });
    assert.deepEqual(notes, [
      'The setting recomputation is called gradientCheckpointing now.',
      'gradientCheckpointing=everything is no longer offered; full takes its place.',
    ]);
    const both = readStored(tables, changes, { ...whole, recomputation: 'everything' });
    assert.deepEqual(both, { values: { ...whole }, notes: [] });
  });

  it('of the precision `fast`, which was dropped, are `balanced`, and that is said', () => {
    const { config, notes } = resolveStored({ ...whole, samplerPrecision: 'fast', trainPrecision: 'fast' });
    assert.deepEqual([config.samplerPrecision, config.trainPrecision], ['balanced', 'balanced']);
    assert.equal(notes.length, 2);
    assert.match(notes.join(' '), /samplerPrecision=fast .* balanced .*trainPrecision=fast .* balanced/);
  });

  it('are refused by name where a value is out of range today, or the domain is gone', () => {
    const broken = { boundary: 'run', message: /answersPerQuestion cannot be "1"/, remedy: /from 2 to 64.*run\.json/ };
    assert.throws(() => resolveStored({ ...whole, answersPerQuestion: 1 }), broken);
    assert.throws(() => resolveStored({ ...whole, domain: 'riddles' }), { boundary: 'run', message: /"riddles"/ });
  });
});
