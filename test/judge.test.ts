import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { entryPath } from '../src/base/entries.ts';
import { JudgeResult, type Problem } from '../src/protocol/problem.ts';
import { peakRssMb } from '../src/sandbox/host/platform.ts';

const sum: Problem = {
  id: 'sum',
  statement: 'Return the sum of an array of numbers.',
  kind: 'function',
  entry: 'solve',
  tests: [{ input: [[1, 2, 3]], output: 6 }],
  limits: { timeMs: 2000, memoryMb: 64 },
  tags: [],
  source: 'test',
};
const right = 'function solve(a) { return a.reduce((x, y) => x + y, 0); }';
const wrong = 'function solve() { return 7; }';
const slow = 'function solve() { for (let i = 0; i < 2e7; i += 1); return 6; }';

/** What stands in line `index` (from 0) of the big input: mostly long torn lines, each hundredth a job. */
function lineAt(index: number): { text: string; verdict?: 'AC' | 'WA' } {
  const place = index % 300;
  const jobs = { 0: { solution: slow, verdict: 'AC' }, 100: { solution: right, verdict: 'AC' } } as const;
  if (place === 0 || place === 100) {
    const { solution, verdict } = jobs[place];
    return { text: JSON.stringify({ problem: sum, solution }), verdict };
  }
  return place === 200
    ? { text: JSON.stringify({ problem: sum, solution: wrong }), verdict: 'WA' }
    : { text: `{"problem": {"id": "${'x'.repeat(20_000)}` };
}

function* inputOf(lines: number): Generator<string> {
  for (let index = 0; index < lines; index += 1) {
    yield `${lineAt(index).text}\n`;
  }
}

describe('selfq judge --batch', function () {
  this.timeout(240_000);
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-test-'));
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  /** Checks every line of the output as it comes. */
  async function judgeAll(lines: number, from: 'file' | 'stdin'): Promise<{ peakMb: number; code: unknown }> {
    const file = join(dir, 'input.jsonl');
    if (from === 'file') {
      await pipeline(Readable.from(inputOf(lines)), createWriteStream(file));
    }
    const child = spawn(process.execPath, [entryPath('cli'), 'judge', '--batch', from === 'file' ? file : '-'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const closed = once(child, 'close');
    const fed = from === 'file' ? child.stdin.end() : pipeline(Readable.from(inputOf(lines)), child.stdin);
    let peakMb = 0;
    let index = 0;
    for await (const text of createInterface({ input: child.stdout })) {
      const expected = lineAt(index);
      const result: unknown = JSON.parse(text);
      if (expected.verdict === undefined) {
        const { line, error } = result as { line: number; error: string };
        assert.equal(line, index + 1);
        assert.match(error, new RegExp(`^Line ${index + 1} is not JSON`));
      } else {
        assert.equal(JudgeResult.parse(result).verdict, expected.verdict, `line ${index + 1}: ${text}`);
      }
      index += 1;
      peakMb = Math.max(peakMb, index % 100 === 0 ? (peakRssMb(child.pid) ?? 0) : 0);
    }
    await fed;
    assert.equal(index, lines);
    return { peakMb, code: ((await closed) as unknown[])[0] };
  }

  for (const [from, lines] of [
    ['stdin', 15_000],
    ['file', 3_000],
  ] as const) {
    it(`takes ${Math.round((lines * 20) / 1000)} MB from ${from} in constant memory, results in order, errors by number`, async () => {
      const { peakMb, code } = await judgeAll(lines, from);
      assert.equal(code, 1);
      if (process.platform === 'linux') {
        assert.ok(peakMb > 0 && peakMb < 350, `${peakMb} MiB`);
      }
    });
  }

  it('names the field where a problem breaks the schema, and what cannot be read', async () => {
    const job = { problem: { ...sum, limits: { timeMs: 0, memoryMb: 64 } }, solution: right };
    const child = spawn(process.execPath, [entryPath('cli'), 'judge', '--batch', '-']);
    const closed = once(child, 'close');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.stdin.end(JSON.stringify(job));
    assert.equal(((await closed) as unknown[])[0], 1);
    assert.match(text, /"line":1,"error":"Line 1: .*problem\.limits\.timeMs/);

    const missing = spawn(process.execPath, [entryPath('cli'), 'judge', '--batch', join(dir, 'nothing.jsonl')]);
    assert.deepEqual(await once(missing, 'close'), [2, null]);
  });
});
