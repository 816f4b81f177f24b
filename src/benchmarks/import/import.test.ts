import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { BoundaryError } from '../../base/errors.ts';
import type { ImportRecord } from '../../protocol/imports.ts';
import { Problem } from '../../protocol/problem.ts';
import { findImport, listImports, questionsFile, removeImport } from '../imported.ts';
import { type ImportRequest, importBenchmark } from './import.ts';

const fixture = (name: string): string => join(import.meta.dirname, 'fixtures', name);

/** Reasons with the rows that are named. */
function skippedOf({ skipped }: ImportRecord): Record<string, string> {
  return Object.fromEntries(skipped.map(({ reason, count, first }) => [reason, `${count}: ${first.join(' ')}`]));
}

describe('importing a benchmark', () => {
  let place: string;
  let dir: string;

  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'selfq-import-'));
    dir = join(place, 'imports');
  });
  afterEach(() => rmSync(place, { recursive: true, force: true }));

  const put = (name: string, content: string | Buffer): string => {
    writeFileSync(join(place, name), content);
    return join(place, name);
  };
  const putLines = (name: string, rows: readonly unknown[]): string =>
    put(name, rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n'));
  const take = (source: string, more: Partial<ImportRequest> = {}): Promise<ImportRecord> =>
    importBenchmark({ source, ...more }, dir);
  const rowsOf = (record: ImportRecord): unknown[] =>
    readFileSync(questionsFile(record, dir), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  const problemsOf = (record: ImportRecord): Problem[] => rowsOf(record).map((row) => Problem.parse(row));
  const refusal = async (work: Promise<unknown>): Promise<BoundaryError> => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof BoundaryError, String(error));
    return error;
  };
  const question = (n: number) => ({ question: `What is ${n} apples and one more?`, answer: `Count.\n#### ${n + 1}` });

  for (const compression of ['snappy', 'zstd']) {
    it(`takes the programming problems of Eurus-2 from a file compressed with ${compression}`, async () => {
      const record = await take(fixture(`eurus-${compression}.parquet`));
      assert.deepEqual(
        [record.name, record.domain, record.formats, record.questions, record.rows],
        [`eurus-${compression}`, 'coding', ['eurus-2'], 5, 12],
      );
      assert.deepEqual(skippedOf(record), {
        mathematics: '2: 1 12',
        tests_not_json: '1: 6',
        unpaired_tests: '1: 7',
        invalid_name: '1: 9',
        no_tests: '1: 10',
        test_shape: '1: 11',
      });
      const [sum, square, lines, double, doubles] = problemsOf(record);
      assert.deepEqual([sum?.id, sum?.kind, sum?.tags, sum?.tests], [
        'eurus-2-1', 'program', ['codeforces'], [{ input: '2\n3 4\n', output: '7\n' }, { input: '1\n9\n', output: '9\n' }],
      ]); // prettier-ignore
      assert.equal(sum?.statement, 'Read n and n numbers, print their sum.');
      assert.equal(square?.tests.length, 130);
      assert.deepEqual(lines?.tests, [{ input: '2\n5 6', output: '11' }]);
      assert.ok(double?.kind === 'function' && doubles?.kind === 'function');
      assert.deepEqual([double.entry, double.tests[1]], ['double', { input: [4], output: [8] }]);
      assert.ok(double.compare?.checker !== undefined && doubles.compare === undefined);
    });
  }

  it('takes a row of Eurus-2 whose function has no name for a whole program', async () => {
    const truth = (fn_name: unknown) => JSON.stringify({ inputs: ['2\n'], outputs: ['4\n'], fn_name });
    const row = (name: unknown) => ({
      data_source: 'codeforces',
      prompt: [{ role: 'user', content: 'Double the number.' }],
      ability: 'code',
      reward_model: { style: 'rule', ground_truth: truth(name) },
    });
    const record = await take(putLines('rows.jsonl', [row(null), row(''), row(undefined)]));
    assert.deepEqual(
      problemsOf(record).map(({ kind }) => kind),
      ['program', 'program', 'program'],
    );
    assert.deepEqual(skippedOf(record), {});
  });

  it('takes the questions of mathematics of Eurus-2 where they are asked for', async () => {
    const record = await take(fixture('eurus-zstd.parquet'), { format: 'eurus-2-math' });
    assert.deepEqual([record.domain, record.questions], ['algebra', 1]);
    assert.deepEqual(rowsOf(record), [{ question: 'What is 1 + 1?', answer: '2' }]);
    assert.deepEqual(skippedOf(record), { not_mathematics: '10: 2 3 4 5 6', no_numeric_answer: '1: 12' });
  });

  it('takes a row of MultiPL-E with its own tests, head and stop texts, and says that it expects undefined', async () => {
    const record = await take(fixture('multipl-e.parquet'));
    const [problem] = problemsOf(record);
    assert.ok(problem?.kind === 'assertions');
    assert.match(problem.head ?? '', /^\/\/The first item[\s\S]*function first_or_nothing\(items\)\{\n$/);
    assert.deepEqual(problem.stop, ['\nfunction ', '\n/*', '\n//', '\nconsole.log']);
    assert.match(problem.tests[0]?.code ?? '', /assert\.deepEqual\(candidate\(\[\]\),undefined\);/);
    assert.deepEqual([record.questions, record.expectUndefined, record.python], [1, 1, 0]);
    assert.deepEqual(skippedOf(record), { other_language: '1: 2' });
  });

  it('takes JSON lines with damaged rows among them, and names those', async () => {
    const path = putLines('made.jsonl', ['{"question":', question(1), '', { question: 7 }, question(2), '[]', { ...question(3), answer: 'a lot' }]); // prettier-ignore
    const record = await take(path);
    assert.deepEqual([record.questions, record.rows, record.formats], [2, 6, ['gsm8k']]);
    assert.deepEqual(rowsOf(record)[1], { question: 'What is 2 apples and one more?', answer: '3' });
    assert.deepEqual(skippedOf(record), { missing_fields: '2: 4 6', not_json: '1: 1', no_numeric_answer: '1: 7' });
  });

  it('reads a file that begins with the byte order mark of an editor', async () => {
    assert.equal((await take(put('bom.jsonl', `\uFEFF${JSON.stringify(question(1))}\r\n`))).questions, 1);
  });

  it('reads arrays of objects, and what is packed with gzip', async () => {
    const array = await take(put('array.json', JSON.stringify([question(1), question(2)], null, 2)));
    const packed = await take(put('packed.jsonl.gz', gzipSync(`${JSON.stringify(question(5))}\n`)));
    assert.deepEqual([array.name, array.questions, packed.name, packed.questions], ['array', 2, 'packed', 1]);
    assert.match((await refusal(take(put('cut.jsonl.gz', gzipSync(JSON.stringify(question(5))).subarray(0, 40))))).message, /unpacked/); // prettier-ignore
  });

  it('takes all files of a folder as one, names rows with their file, and leaves out what is of no format', async () => {
    mkdirSync(join(place, 'set'));
    putLines('set/a.jsonl', [question(1), 'no']);
    putLines('set/b.jsonl', [question(2), question(3)]);
    putLines('set/c.jsonl', [{ other: 1 }]);
    put('set/README.md', 'not a data set');
    const record = await take(join(place, 'set'), { name: 'both' });
    assert.deepEqual([record.name, record.questions], ['both', 3]);
    assert.deepEqual(skippedOf(record), { unknown_format: '1: c.jsonl', not_json: '1: a.jsonl:2' });
  });

  it('refuses a folder with questions of two domains', async () => {
    mkdirSync(join(place, 'two'));
    putLines('two/a.jsonl', [question(1)]);
    putLines('two/b.jsonl', [{ text: 'Double n.', code: '', test_list: ['assert f(1) == 2'] }]);
    const error = await refusal(take(join(place, 'two')));
    assert.match(error.message, /a\.jsonl of algebra, b\.jsonl of coding/);
    assert.match(error.remedy, /--format gsm8k or --format mbpp/);
    assert.equal((await take(join(place, 'two'), { format: 'mbpp' })).questions, 1);
  });

  it('leaves out rows whose id is there already', async () => {
    const row = { task_id: 3, text: 'Double n.', code: '', test_list: ['assert f(1) == 2'] };
    const record = await take(putLines('twice.jsonl', [row, row]));
    assert.deepEqual(skippedOf(record), { duplicate: '1: 2' });
  });

  it('names the columns of a file that is of no known format, and those that a named one lacks', async () => {
    const unknown = await refusal(take(fixture('other.parquet')));
    assert.match(unknown.message, /its columns are id, title, score\.$/);
    assert.match(unknown.remedy, /gsm8k \(question, answer\)/);
    const named = await refusal(take(fixture('other.parquet'), { format: 'mbpp' }));
    assert.match(named.message, /lacks text or prompt, code, test_list or test; its columns are id, title, score\.$/);
    assert.match((await refusal(take(fixture('other.parquet'), { format: 'mbp' }))).remedy, /Did you mean mbpp/);
  });

  it('keeps the earlier import, and no half file, when a new one is empty, cannot be read or is interrupted', async () => {
    const earlier = await take(putLines('set.jsonl', [question(1)]));
    const files = readdirSync(dir);
    const empty = await refusal(take(putLines('set.jsonl', [{ question: 'How many?', answer: 'many' }])));
    assert.match(empty.message, /^None of the 1 rows .*\(1 no numeric answer\)/);
    assert.match(empty.remedy, /earlier import stays/);
    put('set.parquet', `PAR1${'x'.repeat(100)}PAR1`);
    assert.match((await refusal(take(join(place, 'set.parquet')))).message, /cannot be read as parquet/);
    const interrupted = new AbortController();
    putLines('set.jsonl', [question(1), question(2), question(3)]);
    const onProgress = (): void => interrupted.abort();
    const error = await refusal(take(join(place, 'set.jsonl'), { signal: interrupted.signal, onProgress }));
    assert.equal(error.boundary, 'interrupted');
    assert.deepEqual(readdirSync(dir), files);
    assert.deepEqual(findImport('set', dir), earlier);
    assert.equal(rowsOf(earlier).length, 1);
  });

  it('replaces an earlier import by a new one, lists both of two names, and removes them', async () => {
    await take(putLines('set.jsonl', [question(1)]));
    const record = await take(putLines('set.jsonl', [question(1), question(2)]));
    await take(putLines('other.jsonl', [question(4)]), { name: 'More.of-it' });
    assert.deepEqual(listImports(dir).map(({ name, questions }) => [name, questions]), [['More.of-it', 1], ['set', 2]]); // prettier-ignore
    assert.equal(readdirSync(dir).length, 4);
    removeImport('set', dir);
    assert.ok(!existsSync(questionsFile(record, dir)));
    assert.throws(() => removeImport('set', dir), /no import named "set"/);
  });

  it('stops at the limit', async () => {
    const record = await take(putLines('set.jsonl', [1, 2, 3, 4].map(question)), { limit: 2 });
    assert.deepEqual([record.questions, record.rows], [2, 2]);
  });

  it('refuses names that are no file names, and sources that are not there or no regular files', async () => {
    const path = putLines('set.jsonl', [question(1)]);
    for (const name of ['../x', '', '.hidden', 'a/b', 'x'.repeat(81)]) {
      assert.match((await refusal(take(path, { name }))).message, /cannot have the name/);
    }
    assert.match((await refusal(take(putLines('coding.jsonl', [question(1)])))).message, /"coding" is a shipped/);
    assert.match((await refusal(take(join(place, 'none.jsonl')))).message, /is not there/);
    assert.match((await refusal(take(put('set.csv', 'a,b')))).remedy, /\.parquet, \.jsonl/);
    symlinkSync('/dev/zero', join(place, 'zero.jsonl'));
    assert.match((await refusal(take(join(place, 'zero.jsonl')))).message, /not a regular file/);
    assert.match((await refusal(take('hub:one'))).message, /names no data set/);
  });

  it('leaves out a row that is longer than what is looked at, and takes those around it', async () => {
    const long = { question: 'x'.repeat(33 * 2 ** 20), answer: '1' };
    const record = await take(putLines('long.jsonl', [question(1), long, question(2)]));
    assert.deepEqual([record.questions, skippedOf(record)], [2, { too_long: '1: 2' }]);
  });

  it('asks the mirror that is named, and says which hub it could not read and what to do', async () => {
    process.env['HF_ENDPOINT'] = 'http://127.0.0.1:9/';
    try {
      const error = await refusal(take('hub:some/set'));
      assert.match(error.message, /^The hub at http:\/\/127\.0\.0\.1:9 cannot be read: /);
      assert.match(error.remedy, /HF_ENDPOINT.*HTTPS_PROXY/);
    } finally {
      delete process.env['HF_ENDPOINT'];
    }
  });

  it('says of a connection that breaks in the middle that the hub did not answer, and not that the file is damaged', async () => {
    const server = createServer((request, response) => {
      if (request.method === 'HEAD') {
        response.writeHead(200, { 'content-length': 100_000, 'accept-ranges': 'bytes' }).end();
      } else if (request.url?.startsWith('/api/') === true) {
        response.end(JSON.stringify({ default: { train: [`${url}/0.parquet`] } }));
      } else {
        response.destroy();
      }
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env['HF_ENDPOINT'] = url;
    try {
      const error = await refusal(take('hub:some/set'));
      assert.match(error.message, /^The hub at 127\.0\.0\.1:\d+ cannot be read: (?!fetch failed)/);
      assert.match(error.remedy, /HF_ENDPOINT.*HTTPS_PROXY/);
    } finally {
      delete process.env['HF_ENDPOINT'];
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('importing large files', function () {
  this.timeout(120_000);
  /** Of a heap that is much smaller than the file, and of the whole process, MB. */
  const heapMb = 96;
  const residentMb = 400;
  let place: string;

  before(() => {
    place = mkdtempSync(join(tmpdir(), 'selfq-import-large-'));
  });
  after(() => rmSync(place, { recursive: true, force: true }));

  const importInChild = async (source: string): Promise<{ questions: number; residentMb: number }> => {
    const script = `
      const { importBenchmark } = await import(${JSON.stringify(join(import.meta.dirname, 'import.ts'))});
      const { questions } = await importBenchmark({ source: process.argv[1] }, process.argv[2]);
      console.log(JSON.stringify({ questions, residentMb: process.resourceUsage().maxRSS / 1024 }));`;
    const args = [
      `--max-old-space-size=${heapMb}`,
      '--input-type=module',
      '-e',
      script,
      source,
      join(place, 'imports'),
    ];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout) as { questions: number; residentMb: number };
  };

  it('streams 80 MB of JSON lines through a small heap', async () => {
    const path = join(place, 'large.jsonl');
    const out = createWriteStream(path);
    const tests = {
      input: Array.from({ length: 4 }, () => '1 '.repeat(10_000)),
      output: Array.from({ length: 4 }, () => '2'),
    };
    for (let n = 0; n < 1000; n++) {
      const row = JSON.stringify({ name: `p${n}`, description: `Problem ${n}.`, public_tests: tests });
      if (!out.write(`${row}\n`)) {
        await once(out, 'drain');
      }
    }
    out.end();
    await once(out, 'finish');
    const result = await importInChild(path);
    assert.equal(result.questions, 1000);
    assert.ok(result.residentMb < residentMb, `${result.residentMb} MB`);
  });

  it('reads a parquet file of 48 MB unpacked by row group', async () => {
    const result = await importInChild(fixture('eurus-large.parquet'));
    assert.equal(result.questions, 200);
    assert.ok(result.residentMb < residentMb, `${result.residentMb} MB`);
  });
});
