import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodingContent, needsPython } from '../domains/coding/content.ts';
import { createDomain } from '../domains/registry.ts';
import type { Domain } from '../domains/domain.ts';
import { resolveConfig } from '../config/resolve.ts';
import { createSandbox } from '../sandbox/host/pool.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { importBenchmark } from './import/import.ts';
import { questionsFile } from './imported.ts';
import { domainOfBenchmark, loadBenchmark } from './registry.ts';

const fixture = (name: string): string => join(import.meta.dirname, 'import', 'fixtures', name);

describe('imported benchmarks', function () {
  this.timeout(60_000);
  const home = process.env['SELFQ_HOME'];
  let place: string;
  let sandbox: Sandbox;

  before(async () => {
    place = mkdtempSync(join(tmpdir(), 'selfq-imported-'));
    process.env['SELFQ_HOME'] = place;
    sandbox = await createSandbox({ workers: 1 });
  });
  after(async () => {
    await sandbox.close();
    rmSync(place, { recursive: true, force: true });
    if (home === undefined) {
      delete process.env['SELFQ_HOME'];
    } else {
      process.env['SELFQ_HOME'] = home;
    }
  });

  const domain = (name: 'coding' | 'algebra'): Domain => {
    const config = resolveConfig('quick', { domain: name });
    assert.ok(config.domain !== 'user');
    return createDomain(config, {
      sandbox: () => Promise.resolve(sandbox),
      base: () => Promise.reject(new Error('no base')),
    });
  };

  it('of MultiPL-E are asked with their own head and stop texts, and graded by their own assertions', async () => {
    await importBenchmark({ source: fixture('multipl-e.parquet'), name: 'made-js' });
    assert.equal(domainOfBenchmark('made-js'), 'coding');
    const coding = domain('coding');
    const { name, questions } = await loadBenchmark('made-js', coding);
    const [question] = questions;
    assert.ok(question && name === 'made-js' && questions.length === 1);
    const [prompt] = coding.solver.prompts(question);
    assert.match(prompt?.prefill ?? '', /^```js\n\/\/The first item[\s\S]*\nfunction first_or_nothing\(items\)\{$/);
    assert.deepEqual(prompt?.stop, ['\nfunction ', '\n/*', '\n//', '\nconsole.log']);
    const markOf = async (body: string) => (await coding.grade(question, `${prompt.prefill}${body}`))?.mark;
    assert.equal(await markOf('\n  return items[0];\n}'), 'right');
    assert.equal(await markOf('\n  return items.length > 0 ? items[0] : undefined;\n}\n```\n'), 'right');
    assert.equal(await markOf('\n  return items[0] ?? -1;\n}'), 'wrong');
    assert.equal(needsPython(question), false);
  });

  it('of Eurus-2 are judged whole programs and functions, whose wrapped outputs count either way', async () => {
    await importBenchmark({ source: fixture('eurus-zstd.parquet'), name: 'made-eurus' });
    const { questions } = await loadBenchmark('made-eurus', domain('coding'));
    const judge = async (id: string, source: string) => {
      const question = questions.find((each) => each.id === id);
      const { problem } = CodingContent.parse(question?.content);
      const { verdict, passed } = await sandbox.judge({ problem, source });
      return [verdict, passed];
    };
    const square = "const n = Number(require('fs').readFileSync(0, 'utf8'));\nconsole.log(n * n);";
    assert.deepEqual(await judge('eurus-2-2', square), ['AC', 130]);
    assert.deepEqual(await judge('eurus-2-2', square.replace('n * n', 'n < 100 ? n * n : 0')), ['WA', 100]);
    assert.deepEqual(await judge('eurus-2-4', 'function double(n) { return 2 * n; }'), ['AC', 2]);
    assert.deepEqual(await judge('eurus-2-4', 'function double(n) { return [2 * n]; }'), ['AC', 2]);
    assert.deepEqual(await judge('eurus-2-4', 'function double(n) { return n + 1; }'), ['WA', 1]);
  });

  it('of word problems are graded by their number', async () => {
    const path = join(place, 'words.jsonl');
    writeFileSync(path, JSON.stringify({ question: 'Two and two?', answer: 'Add.\n#### 4' }));
    await importBenchmark({ source: path });
    const algebra = domain('algebra');
    const { questions } = await loadBenchmark('words', algebra);
    const [question] = questions;
    assert.ok(question);
    assert.equal(question.id, 'words/1');
    assert.equal((await algebra.grade(question, '<answer>4</answer>'))?.mark, 'right');
    assert.equal((await algebra.grade(question, '<answer>5</answer>'))?.mark, 'wrong');
  });

  it('of a file are refused where two have one id', async () => {
    const shipped = join(import.meta.dirname, '../../data/coding/problems.jsonl');
    const [row] = readFileSync(shipped, 'utf8').split('\n');
    const path = join(place, 'twice.jsonl');
    writeFileSync(path, `${row}\n`);
    assert.equal((await loadBenchmark(path, domain('coding'))).name, 'twice');
    writeFileSync(path, `${row}\n${row}\n`);
    await assert.rejects(loadBenchmark(path, domain('coding')), /two questions with the id "heldout\/positive-sum"/);
  });

  it('are loaded in part, and refused where they are of another domain or damaged', async () => {
    const rows = [1, 2, 3, 4, 5, 6].map((n) => JSON.stringify({ question: `And ${n}?`, answer: String(n) }));
    const path = join(place, 'part.jsonl');
    writeFileSync(path, rows.join('\n'));
    const record = await importBenchmark({ source: path });
    assert.equal((await loadBenchmark('part', domain('algebra'), { limit: 2 })).questions.length, 2);
    assert.equal((await loadBenchmark('part', domain('algebra'), { limit: 5 })).limit, 5);
    assert.equal((await loadBenchmark('part', domain('algebra'), { limit: 6 })).limit, undefined);
    const [validation, test] = await Promise.all(
      (['validation', 'test'] as const).map((split) => loadBenchmark('part', domain('algebra'), { split })),
    );
    assert.equal((validation?.questions.length ?? 0) + (test?.questions.length ?? 0), 6);
    assert.deepEqual([test?.name, test?.split], ['part', 'test']);
    await assert.rejects(loadBenchmark('part', domain('coding')), /is of the domain algebra/);
    writeFileSync(questionsFile(record), '{"question":');
    await assert.rejects(loadBenchmark('part', domain('algebra')), /cannot be used: line 1 of .* is damaged/);
  });
});
