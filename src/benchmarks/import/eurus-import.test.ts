import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../../base/errors.ts';
import { Problem } from '../../protocol/problem.ts';
import { importEurus } from './eurus-import.ts';

const fixture = (compression: string): string => join(import.meta.dirname, 'fixtures', `eurus-${compression}.parquet`);

describe('importing the Codeforces rows of Eurus-2-RL-Data', () => {
  let dir: string;
  const problems = (): Problem[] =>
    readFileSync(join(dir, 'out.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => Problem.parse(JSON.parse(line)));

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-eurus-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  for (const compression of ['snappy', 'zstd']) {
    it(`takes Codeforces rows with usable tests from a file compressed with ${compression}`, async () => {
      const heard: number[] = [];
      const count = await importEurus(fixture(compression), join(dir, 'out.jsonl'), Infinity, ({ rows }) =>
        heard.push(rows),
      );
      assert.equal(count, 2);
      assert.deepEqual(heard, [2, 4, 6, 7]);
      const [first, second] = problems();
      assert.equal(first?.statement, 'Read n and n numbers, print their sum.');
      assert.deepEqual(first.tests, [
        { input: '2\n3 4\n', output: '7\n' },
        { input: '1\n9\n', output: '9\n' },
      ]);
      assert.deepEqual(second?.tests, [{ input: '2\n5 6', output: '11' }]);
      assert.deepEqual([first.id, second.id], ['eurus-2-1', 'eurus-2-3']);
    });
  }

  it('stops at the limit', async () => {
    assert.equal(await importEurus(fixture('snappy'), join(dir, 'out.jsonl'), 1, () => undefined), 1);
    assert.equal(problems().length, 1);
  });

  it('leaves no half file when the source is none', async () => {
    await assert.rejects(importEurus(join(import.meta.dirname, 'rows.ts'), join(dir, 'out.jsonl'), 1, () => undefined));
    assert.ok(!existsSync(join(dir, 'out.jsonl')) && !existsSync(join(dir, 'out.jsonl.partial')));
  });

  it('keeps an earlier import when the file holds none of its problems', async () => {
    const out = join(dir, 'out.jsonl');
    writeFileSync(out, 'earlier');
    assert.equal(await importEurus(fixture('snappy'), out, 0, () => undefined), 0);
    assert.equal(readFileSync(out, 'utf8'), 'earlier');
    assert.ok(!existsSync(`${out}.partial`));
  });

  it('asks the mirror that is named, and says which hub it could not read and what to do', async () => {
    process.env['HF_ENDPOINT'] = 'http://127.0.0.1:9/';
    try {
      await assert.rejects(
        importEurus('hub', join(dir, 'out.jsonl'), 1, () => undefined),
        (error) => {
          assert.ok(error instanceof BoundaryError);
          assert.match(error.message, /^The hub at http:\/\/127\.0\.0\.1:9 cannot be read: /);
          assert.match(error.remedy, /HF_ENDPOINT.*HTTPS_PROXY/);
          return true;
        },
      );
    } finally {
      delete process.env['HF_ENDPOINT'];
    }
  });
});
