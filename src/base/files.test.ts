import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from './errors.ts';
import { appendLine, readJson, readJsonLines, writeFileAtomic } from './files.ts';

const Line = z.object({ n: z.number() });

describe('files of a run', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'selfq-files-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('replaces a file in one move and leaves nothing beside it', () => {
    const path = join(dir, 'a.json');
    writeFileAtomic(path, 'old');
    writeFileAtomic(path, 'new');
    assert.equal(readFileSync(path, 'utf8'), 'new');
    assert.deepEqual(readdirSync(dir), ['a.json']);
  });

  it('keeps the old file when the new one cannot be written', () => {
    const path = join(dir, 'a.json');
    writeFileAtomic(path, 'old');
    assert.throws(() => writeFileAtomic(join(dir, 'missing', 'a.json'), 'new'));
    assert.equal(readFileSync(path, 'utf8'), 'old');
  });

  it('ignores a last line that a crash tore, and reads the lines before it', () => {
    const path = join(dir, 'a.jsonl');
    appendLine(path, '{"n":1}');
    appendLine(path, '{"n":2}');
    appendFileSync(path, '{"n":');
    assert.deepEqual(readJsonLines(path, Line), [{ n: 1 }, { n: 2 }]);
  });

  it('names the line that is damaged in the middle of a file', () => {
    const path = join(dir, 'a.jsonl');
    writeFileSync(path, '{"n":1}\n{"n":\n{"n":3}\n');
    assert.throws(
      () => readJsonLines(path, Line),
      (error) => error instanceof BoundaryError && error.boundary === 'run' && error.message.includes('line 2'),
    );
  });

  it('reads the wanted lines up to the first of those that are not, wherever the pieces of the file end', () => {
    const path = join(dir, 'a.jsonl');
    const piece = 256 * 1024;
    const choice = { wanted: ['{"n"'], end: ['{"end"', '{"over"'] };
    for (let shift = -12; shift <= 12; shift++) {
      const head = '{"n":1}\n{"other":"';
      const filler = 'é'.repeat((piece - head.length + shift - (shift & 1)) / 2);
      writeFileSync(path, `${head}${filler}"}\n{"n":2}\n{"over":damaged\n{"n":3}\n`);
      assert.deepEqual(readJsonLines(path, Line, choice), [{ n: 1 }, { n: 2 }]);
      writeFileSync(path, `${head}${filler}"}\n{"end":1}\n{"n":3}\n`);
      assert.deepEqual(readJsonLines(path, Line, choice), [{ n: 1 }]);
    }
    writeFileSync(path, '{"n":1}\n{"other":1}\n{"n":2}\n');
    assert.deepEqual(readJsonLines(path, Line, choice), [{ n: 1 }, { n: 2 }]);
    assert.deepEqual(readJsonLines(join(dir, 'none.jsonl'), Line, choice), []);
  });

  it('says that a file is missing, and what to do', () => {
    assert.throws(
      () => readJson(join(dir, 'none.json'), Line, 1000),
      (error) => error instanceof BoundaryError && error.boundary === 'run' && error.remedy !== '',
    );
  });
});
