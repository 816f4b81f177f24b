import assert from 'node:assert/strict';
import { exampleRun } from '../../test/support/run-examples.ts';
import { runName } from './default-name.ts';
import { english } from './translate.ts';
import { labelText, visibleText } from './visible-text.ts';

describe('text from elsewhere', () => {
  it('shows what would steer a terminal or turn its order, and leaves the rest', () => {
    assert.equal(visibleText('\x1b[2Jpassed: AC\x9b1m'), '\\x1b[2Jpassed: AC\\x9b1m');
    assert.equal(visibleText('a\u202etxt.exe\u2066'), 'a\\u202etxt.exe\\u2066');
    assert.equal(visibleText('größer\n\tπ 日本 👩‍🔬'), 'größer\n\tπ 日本 👩‍🔬');
  });

  it('is a label on one line without icons', () => {
    assert.equal(labelText('a\n$(flame) b\u200f'), 'a $ (flame) b\\u200f');
    assert.equal(labelText('x'.repeat(1000)).length, 200);
  });

  it('is the name of a run', () => {
    const run = { ...exampleRun(), config: { domain: 'coding', topic: '$(trash)\u202e\n' } };
    assert.doesNotMatch(runName(english, run, 'en'), /\$\(|[\u202e\n]/);
  });
});
