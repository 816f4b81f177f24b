import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readMetrics, readRun, runPaths } from '../../src/run/folder.ts';
import { createWorkplace, type Finished, selfq, type Workplace } from '../support/whole-program.ts';

const Results = z.object({
  type: z.literal('results'),
  rows: z.array(
    z.object({
      name: z.string(),
      state: z.string(),
      step: z.number(),
      seconds: z.number(),
      problem: z.string().optional(),
      benchmarks: z.array(
        z.object({ benchmark: z.string(), before: z.object({ total: z.number() }), after: z.object({}).optional() }),
      ),
    }),
  ),
  variants: z.array(z.object({ variant: z.string(), seeds: z.array(z.number()), failed: z.array(z.number()) })),
});

const names = ['tiny.plain.s1', 'tiny.control.s1', 'tiny.plain.s2', 'tiny.control.s2'];

describe('a sweep of two variants and two seeds', function () {
  this.timeout(600_000);
  let place: Workplace;
  const folder = (name: string): string => join(place.dir, 'runs', name);
  const path = (name: string): string => join(place.dir, name);
  const sweep = (...options: string[]) => selfq(place, ['sweep', 'tiny.json', '--json', ...options]);
  const define = (changes: object = {}): void => {
    const { seed: _, ...own } = place.overrides;
    const settings = { ...own, evalEvery: 0, proposerPrompts: 2, model: place.model };
    const variants = { plain: {}, control: { learningRate: 0 } };
    const definition = { name: 'tiny', domain: 'coding', settings, variants, seeds: [1, 2], steps: 2 };
    writeFileSync(path('tiny.json'), JSON.stringify({ ...definition, document: 'results.md', ...changes }));
  };
  const resultsOf = ({ stdout }: Finished) => Results.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''));

  before(async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    place = await createWorkplace();
    define();
    writeFileSync(path('results.md'), '# Ours\n\nA text of ours.\n');
  });
  after(() => place.remove());

  it('says before it starts how long it takes, from one step that it measured', async () => {
    const { code, stdout, stderr } = await sweep('--measure').finished;
    assert.equal(code, 0, stderr);
    const plan = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      estimate: { seconds: number; runs: number };
    };
    assert.ok(plan.estimate.seconds > 0 && plan.estimate.runs === 4, JSON.stringify(plan));
    assert.equal(readMetrics(folder('tiny.plain.s1')).length, 1);
    assert.equal(readRun(folder('tiny.plain.s1')).state, 'stopped');
  });

  it('continues after it was killed in the middle, and does nothing twice', async () => {
    const first = sweep();
    await first.event((event) => event.type === 'metrics' && 'run' in event && event.run === names[1]);
    first.kill('SIGKILL');
    await first.finished;
    process.kill(readRun(folder('tiny.control.s1')).engine.pid, 'SIGKILL');
    const done = statSync(runPaths(folder('tiny.plain.s1')).run).mtimeMs;

    const second = await sweep().finished;
    assert.equal(second.code, 0, second.stderr);
    const { rows, variants } = resultsOf(second);
    assert.deepEqual(
      rows.map(({ name, state, step }) => [name, state, step]),
      names.map((name) => [name, 'finished', 2]),
    );
    for (const { benchmarks, seconds } of rows) {
      assert.deepEqual(
        benchmarks.map(({ benchmark, before, after }) => [benchmark, before.total, after !== undefined]),
        [['functions (test)', 6, true]],
      );
      assert.ok(seconds > 0);
    }
    assert.deepEqual(variants, [
      { variant: 'plain', seeds: [1, 2], failed: [] },
      { variant: 'control', seeds: [1, 2], failed: [] },
    ]);
    assert.equal(statSync(runPaths(folder('tiny.plain.s1')).run).mtimeMs, done);
    assert.match(second.stderr, /Run 2 of 4: tiny\.control\.s1, from step 1/);
    assert.doesNotMatch(second.stderr, /Run 1 of 4/);
    const document = readFileSync(path('results.md'), 'utf8');
    assert.match(
      document,
      /^# Ours\n\nA text of ours\.\n\n## tiny\n\n<!-- sweep:tiny -->[\s\S]*<!-- \/sweep:tiny -->\n$/,
    );
    assert.match(document, /\| control \| learningRate=0 \| 1, 2 \|.*selfq sweep tiny\.json --only control \|/);
    assert.match(readFileSync(path('sweep-tiny.svg'), 'utf8'), /^<svg[\s\S]*>control<[\s\S]*<\/svg>\n$/);
  });

  it('makes nothing that is done again', async () => {
    const { code, stderr, stdout } = await sweep().finished;
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /Run \d/);
    assert.equal(stdout.trimEnd().split('\n').length, 1);
  });

  it('refuses runs that were made before its file was changed, by name', async () => {
    define({ variants: { plain: {}, control: { learningRate: 0.5 } } });
    const { code, stderr } = await sweep().finished;
    assert.equal(code, 1);
    assert.match(stderr, /tiny\.control\.s1 \(learningRate 0, now 0\.5\); tiny\.control\.s2/);
    assert.doesNotMatch(stderr, /tiny\.plain/);
  });

  it('takes one of the options that plan, measure and choose', async () => {
    const { code, stderr } = await sweep('--plan', '--only', 'plain').finished;
    assert.equal(code, 2);
    assert.match(stderr, /--plan and --only do not go together/);
  });

  it('may evaluate on an import, and refuses one of another domain', async () => {
    writeFileSync(path('words.jsonl'), JSON.stringify({ question: 'One and one?', answer: '2' }));
    assert.equal((await selfq(place, ['import', 'words.jsonl']).finished).code, 0);
    define({ name: 'imported', evaluate: [{ benchmark: 'words' }] });
    const { code, stderr } = await sweep('--plan').finished;
    assert.equal(code, 2);
    assert.match(stderr, /the benchmark words is of the domain algebra, and the sweep is of coding/);
    const problem = readFileSync(new URL('../../data/coding/problems.jsonl', import.meta.url), 'utf8').split('\n')[0];
    writeFileSync(path('own.jsonl'), problem ?? '');
    assert.equal((await selfq(place, ['import', 'own.jsonl']).finished).code, 0);
    define({ name: 'imported', evaluate: [{ benchmark: 'own' }] });
    assert.equal((await sweep('--plan').finished).code, 0);
  });

  it('puts a seed that failed into the table, makes the others, and evaluates them as it is asked to', async () => {
    const pair = { broken: { labelled: path('none.jsonl') }, sound: {} };
    const evaluate = [{ benchmark: 'coding', limit: 2 }];
    define({ name: 'other', variants: pair, seeds: [1], steps: 1, evaluate });
    const finished = await sweep().finished;
    assert.equal(finished.code, 1);
    const { rows, variants } = resultsOf(finished);
    assert.deepEqual(
      rows.map(({ name, state }) => [name, state]),
      [
        ['other.broken.s1', 'failed'],
        ['other.sound.s1', 'finished'],
      ],
    );
    assert.deepEqual(
      rows[1]?.benchmarks.map(({ benchmark, before, after }) => [benchmark, before.total, after !== undefined]),
      [
        ['functions (test)', 6, true],
        ['coding, first 2', 2, true],
      ],
    );
    assert.match(rows[0]?.problem ?? '', /none\.jsonl/);
    assert.deepEqual(variants[0]?.failed, [1]);
    assert.match(readFileSync(path('results.md'), 'utf8'), /\| broken \| 1 \| failed: .*none/);
  });
});
