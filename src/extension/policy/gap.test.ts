import assert from 'node:assert/strict';
import { gapAt, isGap, tidied } from './gap.ts';

describe('the gap at the cursor', () => {
  it('is read whole in a short text', () => {
    assert.deepEqual(gapAt('const a = ;\n', 10), { prefix: 'const a = ', suffix: ';\n' });
  });

  it('is read by whole lines before the cursor, and no further than the model can', () => {
    const text = `${'x'.repeat(99)}\n`.repeat(100);
    const { prefix, suffix } = gapAt(text, 5050);
    assert.equal(prefix.length, 2350);
    assert.ok(prefix.startsWith('xxx') && text[5050 - prefix.length - 1] === '\n');
    assert.equal(suffix.length, 800);
  });

  it('is read in part where one line is longer than the model reads', () => {
    assert.equal(gapAt('y'.repeat(5000), 5000).prefix.length, 2400);
  });

  it('is none in an empty file and within a word', () => {
    assert.equal(isGap({ prefix: ' \n', suffix: '' }), false);
    assert.equal(isGap({ prefix: 'con', suffix: 'st a' }), false);
    assert.equal(isGap({ prefix: 'f(', suffix: ')' }), true);
  });

  it('is not filled with what stands behind it already', () => {
    assert.equal(tidied('return a;\n}\n', '\n}\nnext'), 'return a;');
    assert.equal(tidied('}', '}'), '}');
    assert.equal(tidied(' 1;  \n', ''), ' 1;');
  });
});
