import assert from 'node:assert/strict';
import { bar, createProgressOutput, oneLine, table } from './terminal.ts';

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

  it('becomes lines where a program shows it to a person, and nothing where nobody asked for it', () => {
    const written = (everyMs: number): string => {
      let text = '';
      const write = (more: string): boolean => {
        text += more;
        return true;
      };
      const output = createProgressOutput({ isTTY: false, columns: 80, write }, everyMs);
      output.status('problems 1 of 24');
      output.status('problems 2 of 24');
      output.line('done');
      return text;
    };
    assert.equal(written(0), 'problems 1 of 24\nproblems 2 of 24\ndone\n');
    assert.equal(written(60_000), 'problems 1 of 24\ndone\n');
    assert.equal(written(NaN), 'done\n');
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
