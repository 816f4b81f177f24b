import assert from 'node:assert/strict';
import { bar, oneLine, table } from './terminal.ts';

describe('what is shown on a terminal', () => {
  it('keeps control sequences of a model away from the terminal', () => {
    assert.equal(oneLine('a\u001B[31mred\u001B[0m\r\n\tb\u0007\u009B2Jc', 80), 'ared b c');
  });

  it('cuts a long line at its width', () => {
    assert.equal(oneLine('abcdefgh', 5), 'abcd…');
  });

  it('draws bars of one width, whatever the share', () => {
    assert.deepEqual(
      [-1, 0, 0.5, 2].map((share) => bar(share, 4)),
      ['▕░░░░▏', '▕░░░░▏', '▕██░░▏', '▕████▏'],
    );
  });

  it('aligns columns', () => {
    assert.equal(
      table([
        ['a', 'long'],
        ['wide cell', 'x'],
      ]),
      'a          long\n─────────  ────\nwide cell  x',
    );
  });
});
