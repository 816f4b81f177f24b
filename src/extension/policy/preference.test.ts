import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportPreferences } from '../../run/export/export.ts';
import { appendPreference, readPreferences } from '../../run/preferences.ts';
import { TrialModel } from '../../view/trial-model.ts';
import { preferenceOf } from './preference.ts';

const time = '2026-01-01T00:00:00.000Z';
const asked = { prompt: { messages: [{ role: 'user' as const, content: 'Sum?' }] }, model: 'tiny', time };

function trial(given: Partial<TrialModel> = {}): TrialModel {
  return TrialModel.parse({
    ...{ dir: '/runs/a', runName: 'a', baseName: 'tiny before', trainedName: 'tiny after' },
    ...{ prompt: 'Sum?', judged: false, temperature: 0.5, left: 'trained', blind: true },
    pair: { id: 'one', seed: 7, step: 3 },
    sides: [
      { state: 'done', text: 'better', tokens: 2, result: { verdict: 'AC', passed: 2, total: 2 } },
      { state: 'done', text: 'worse', tokens: 3 },
    ],
    ...given,
  });
}

describe('a choice between two answers', () => {
  it('is kept with whose answer is which, whatever side it stood on', () => {
    const kept = preferenceOf(trial(), 'left', asked);
    assert.equal(kept?.preferred, 'trained');
    assert.deepEqual(kept.trained, { text: 'better', tokens: 2, verdict: 'AC' });
    assert.deepEqual(kept.base, { text: 'worse', tokens: 3 });
    assert.deepEqual([kept.left, kept.blind, kept.step, kept.seed], ['trained', true, 3, 7]);
    assert.equal(preferenceOf(trial(), 'right', asked)?.preferred, 'base');
    assert.equal(preferenceOf(trial({ left: 'base' }), 'right', asked)?.preferred, 'trained');
    assert.equal(preferenceOf(trial(), 'tie', asked)?.preferred, 'tie');
  });

  it('is none where an answer was stopped or failed', () => {
    const [left] = trial().sides ?? [];
    assert.ok(left);
    assert.equal(preferenceOf(trial({ sides: [left, { state: 'stopped', text: 'w' }] }), 'left', asked), undefined);
  });

  describe('in the folder of a run', () => {
    let dir: string;
    beforeEach(() => {
      dir = mkdtempSync(join(tmpdir(), 'preferences-'));
    });
    afterEach(() => rmSync(dir, { recursive: true }));

    it('takes the place of an earlier one of the same pair, and is exported as trainers read it', () => {
      for (const [id, choice] of [
        ['one', 'left'],
        ['two', 'tie'],
        ['one', 'right'],
      ] as const) {
        const kept = preferenceOf(trial({ pair: { id, seed: 7, step: 3 } }), choice, asked);
        assert.ok(kept);
        appendPreference(dir, kept);
      }
      assert.deepEqual(
        readPreferences(dir).map(({ id, preferred }) => [id, preferred]),
        [
          ['one', 'base'],
          ['two', 'tie'],
        ],
      );
      const out = join(dir, 'dataset-preferences.jsonl');
      assert.equal(exportPreferences(dir, out), 1);
      assert.deepEqual(JSON.parse(readFileSync(out, 'utf8')), {
        prompt: asked.prompt.messages,
        chosen: [{ role: 'assistant', content: 'worse' }],
        rejected: [{ role: 'assistant', content: 'better' }],
      });
    });

    it('is not written through a link that a stranger put there', () => {
      mkdirSync(join(dir, 'elsewhere'));
      symlinkSync(join(dir, 'elsewhere', 'file'), join(dir, 'preferences.jsonl'));
      const kept = preferenceOf(trial(), 'left', asked);
      assert.ok(kept);
      assert.throws(() => appendPreference(dir, kept), { boundary: 'run', message: /is a link/ });
    });
  });
});
