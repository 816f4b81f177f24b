import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { shellWord } from './shell.ts';

describe('a word of a printed command', () => {
  it('is the same text when it is pasted, quoted where it has to be', function () {
    assert.equal(shellWord('runs/2026-01-01-coding'), 'runs/2026-01-01-coding');
    assert.equal(shellWord("ü #2 'q'", 'linux'), String.raw`'ü #2 '\''q'\'''`);
    assert.equal(shellWord('C:\\my runs\\a', 'win32'), '"C:\\my runs\\a"');
    if (process.platform !== 'win32') {
      for (const text of ["ü #2 'q'", '$(id) `id`', '~', 'a\\b', '', '"x"', '!!']) {
        const printed = execFileSync('sh', ['-c', `printf %s ${shellWord(text, 'linux')}`], { encoding: 'utf8' });
        assert.equal(printed, text);
      }
    }
  });
});
