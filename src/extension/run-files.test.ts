import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runPaths, writeStep } from '../run/folder.ts';
import { writeFileAtomic } from '../base/files.ts';
import { MetricsReader, StepReader } from './run-files.ts';
import { exampleMetrics, exampleStep } from '../view/example-records.ts';

describe('reading metrics while they are written', () => {
  let dir: string;
  let path: string;
  const line = (step: number): string => `${JSON.stringify(exampleMetrics(step))}\n`;
  const steps = async (reader: MetricsReader): Promise<number[]> => (await reader.read()).map(({ step }) => step);

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-metrics-'));
    path = runPaths(dir).metrics;
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is empty without a file', async () => {
    assert.deepEqual(await steps(new MetricsReader(dir)), []);
  });

  it('adds what was appended and waits for the rest of a torn line', async () => {
    const reader = new MetricsReader(dir);
    writeFileSync(path, line(1) + line(2).slice(0, 40));
    assert.deepEqual(await steps(reader), [1]);
    appendFileSync(path, line(2).slice(40) + line(3));
    assert.deepEqual(await steps(reader), [1, 2, 3]);
  });

  it('leaves a damaged line out', async () => {
    writeFileSync(path, `${line(1)}{"step":\n${line(3)}`);
    assert.deepEqual(await steps(new MetricsReader(dir)), [1, 3]);
  });

  it('begins again when a resumed run has rewritten the file', async () => {
    const reader = new MetricsReader(dir);
    writeFileSync(path, line(1) + line(2) + line(3));
    assert.deepEqual(await steps(reader), [1, 2, 3]);
    writeFileAtomic(path, line(1) + line(2).replaceAll('0.9', '0.8') + line(3) + line(4));
    assert.deepEqual(await steps(reader), [1, 2, 3, 4]);
    assert.equal((await reader.read())[1]?.solver.entropy, 0.8);
  });

  it('reads ten thousand steps in under a second, and what is added in milliseconds', async () => {
    writeFileSync(path, Array.from({ length: 10_000 }, (_, i) => line(i + 1)).join(''));
    const reader = new MetricsReader(dir);
    const cpu = process.cpuUsage();
    assert.equal((await reader.read()).length, 10_000);
    assert.ok(process.cpuUsage(cpu).user < 1e6, 'took more than a second of CPU');
    appendFileSync(path, line(10_001));
    const more = process.cpuUsage();
    assert.equal((await reader.read()).length, 10_001);
    assert.ok(process.cpuUsage(more).user < 50_000, 'took more than 50 ms of CPU');
  });
});

describe('reading steps for the editor', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'selfq-steps-'));
    mkdirSync(runPaths(dir).steps);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const write = (step: number, statement: string): void => {
    const tokens = { type: 'tokens' as const, id: 'q', tokenIds: [1], logprobs: [-1] };
    writeStep(dir, step, [...exampleStep(step, [{ id: 'q', statement, answers: ['AC'] }]), tokens]);
  };

  it('gives texts, questions and entries of lists, and no tokens', () => {
    write(1, 'Sum.');
    const reader = new StepReader(dir);
    assert.deepEqual([...new Set(reader.read(1).map(({ type }) => type))], ['prompt', 'proposal', 'question', 'answer']); // prettier-ignore
    assert.deepEqual(reader.questions(1).map(({ statement }) => statement), ['Sum.']); // prettier-ignore
    assert.deepEqual(reader.feed(1).map(({ title }) => title), ['Sum']); // prettier-ignore
  });

  it('keeps the entries of many steps and the texts of few, until it is told to forget', () => {
    for (let step = 1; step <= 10; step++) {
      write(step, 'Sum.');
    }
    const reader = new StepReader(dir);
    for (const step of reader.steps()) {
      reader.feed(step);
      reader.read(step);
    }
    for (let step = 1; step <= 10; step++) {
      write(step, 'Product.');
    }
    const shown = (step: number): (string | undefined)[] => [
      reader.feed(step)[0]?.title,
      reader.read(step).flatMap((line) => (line.type === 'question' ? [line.statement] : []))[0],
    ];
    assert.deepEqual(shown(10), ['Sum', 'Sum.']);
    assert.deepEqual(shown(1), ['Sum', 'Product.']);
    reader.forget();
    assert.deepEqual(shown(10), ['Product', 'Product.']);
  });
});
