import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Evaluation } from '../../src/protocol/records.ts';
import { JudgeResult, type Problem } from '../../src/protocol/problem.ts';
import { readEvaluations, readMetrics, readRun, runPaths } from '../../src/run/folder.ts';
import { pidExists } from '../../src/base/processes.ts';
import { recompute } from '../support/recompute.ts';
import { createWorkplace, eventsOf, selfq, type Workplace } from '../support/whole-program.ts';

const sum: Problem = {
  id: 'sum',
  statement: 'Given an array of integers nums, return their sum.',
  kind: 'function',
  entry: 'solve',
  parameters: ['nums'],
  tests: [
    { input: [[1, 2, 3]], output: 6 },
    { input: [[]], output: 0 },
    { input: [[5]], output: 5 },
  ],
  limits: { timeMs: 1000, memoryMb: 64 },
  tags: [],
  source: 'test',
};
const right = 'function solve(nums) { return nums.reduce((a, b) => a + b, 0); }';
const wrong = 'function solve(nums) { return nums.length * 5; }';

describe('commands', function () {
  this.timeout(240_000);
  let place: Workplace;
  let dir: string;
  let run: Awaited<ReturnType<typeof selfq>['finished']>;

  before(async () => {
    place = await createWorkplace();
    dir = join(place.dir, 'runs', 'first');
    run = await selfq(place, ['run', '--out', join('runs', 'first'), '--json', ...place.options()]).finished;
    assert.equal(run.code, 0, run.stderr);
  });
  after(() => place.remove());

  /** Runs to success and returns standard output. */
  async function ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await selfq(place, args).finished;
    assert.equal(code, 0, stderr);
    return stdout;
  }

  it('run --json writes only events, in the order of the stages', () => {
    const events = eventsOf(run.stdout);
    // The trainer loads its own weights when it is needed first; evaluations stand between steps.
    const ofStep = (name: string): boolean => name !== 'load' && name !== 'evaluate';
    const stages = events
      .flatMap((event) => (event.type === 'stage' && event.step === 1 ? [event.stage] : []))
      .filter(ofStep);
    assert.deepEqual(
      stages.filter((stage, index) => stage !== stages[index - 1]),
      ['propose', 'verify', 'solve', 'judge', 'update', 'record'],
    );
    assert.equal(events.filter(({ type }) => type === 'metrics').length, 3);
    // On validation after each step, on the test before the first and after the last.
    assert.equal(events.filter(({ type }) => type === 'evaluation').length, 4 + 2);
    assert.equal(events.filter(({ type }) => type === 'proposal').length, 3 * 12);
    const last = events.at(-1);
    assert.ok(last?.type === 'state' && last.run.state === 'finished');
  });

  it('status shows all runs, and one with its figures', async () => {
    assert.match(await ok('status'), /first\s+finished\s+3\/3/);
    assert.match(await ok('status', dir), /finished, step 3 of 3/);
    const status = JSON.parse(await ok('status', dir, '--json')) as { last: { step: number }; evaluations: unknown[] };
    assert.equal(status.last.step, 3);
    assert.equal(status.evaluations.length, 6);
  });

  it('run --estimate says how long it would take and how much memory, by what was measured here', async () => {
    const [known, json, unknown] = await Promise.all([
      ok('run', '--estimate', ...place.options()),
      ok('run', '--estimate', '--json', ...place.options({ steps: 300 })),
      ok('run', '--estimate', ...place.options({ samplerPrecision: 'strict' })),
    ]);
    assert.match(known, /^About .*, by 3 steps measured on this machine\. About .* of memory; .* are free\.\n$/);
    const { time, memory } = JSON.parse(json) as {
      time: { seconds: number; perStep: number };
      memory: { needed: number };
    };
    assert.ok(time.perStep > 0 && time.seconds > 300 * time.perStep && memory.needed > 1e6);
    assert.match(unknown, /^No measurement of this machine with this model yet/);
  });

  it('runs is a table that can be sorted, with names, tags and notes', async () => {
    await ok('runs', 'tag', dir, 'good, tiny');
    await ok('runs', 'note', dir, 'the first of all');
    await ok('runs', 'name', dir, 'Number one');
    const table = await ok('runs', '--sort', 'disk');
    assert.match(table, /first\s+Number one\s+Coding.*finished\s+3\/3.*good, tiny\s+the first of all/);
    assert.match(table, /1 runs?, \d+ MB/);
    const [row] = JSON.parse(await ok('runs', '--json')) as { tags: string[]; heldOut: { before: number } }[];
    assert.deepEqual(row?.tags, ['good', 'tiny']);
    assert.ok(row.heldOut.before >= 0);
    const { code, stderr } = await selfq(place, ['runs', '--sort', 'dsk']).finished;
    assert.equal(code, 2);
    assert.match(stderr, /There is no column "dsk"\.\nDid you mean disk\?/);
  });

  it('runs clean and remove ask before they remove, and say how much', async () => {
    const copy = join(place.dir, 'runs', 'copy');
    cpSync(dir, copy, { recursive: true });
    const asked = await selfq(place, ['runs', 'clean', copy]).finished;
    assert.equal(asked.code, 2);
    assert.match(asked.stderr, /Remove the checkpoints of steps .* MB\?.*\nAdd --yes to do it\./);
    await ok('runs', 'clean', copy, '--yes');
    const { best } = readRun(copy);
    const left = new Set(readdirSync(runPaths(copy).checkpoints).map(Number));
    assert.deepEqual(left, new Set([best?.step ?? 3, 3]));
    assert.match((await selfq(place, ['runs', 'remove', copy]).finished).stderr, /Remove .*copy with all its records/);
    assert.ok(existsSync(copy));
    await ok('runs', 'remove', copy, '--yes');
    assert.ok(!existsSync(copy));
  });

  it('run --queue starts one run after the other, also after one was killed', async () => {
    const add = async (name: string, steps: number): Promise<{ started: boolean; number: number; before: number }> =>
      JSON.parse(
        await ok('run', '--queue', '--json', '--out', join('queued', name), ...place.options({ steps, evalEvery: 0 })),
      ) as { started: boolean; number: number; before: number };
    const state = (name: string): string => readRun(join(place.dir, 'queued', name)).state;
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds()) {
        await setTimeout(200);
      }
    };
    assert.equal((await add('one', 40)).started, true);
    assert.deepEqual(await add('two', 1), {
      dir: join(place.dir, 'queued', 'two'),
      number: 2,
      started: false,
      before: 1,
    });
    await add('three', 1);
    assert.match(await ok('queue'), /1\s+(starting|running).*one[^]*2\s+waits.*two[^]*3\s+waits.*three/);
    await ok('queue', 'cancel', '3');
    const { pid } = readRun(join(place.dir, 'queued', 'one')).engine;
    process.kill(pid, 'SIGKILL');
    await until(() => !pidExists(pid));
    assert.match(await ok('queue'), /1\s+interrupted[^]*None of them is running/);
    await ok('queue', 'start');
    await until(() => state('one') === 'running');
    await ok('stop', join('queued', 'one'));
    // A person ended the first: the next one starts by itself.
    await until(() => existsSync(runPaths(join(place.dir, 'queued', 'two')).run) && state('two') === 'finished');
    await until(() => !existsSync(runPaths(join(place.dir, 'queued', 'two')).lock));
    assert.equal(await ok('queue'), 'The queue is empty. `selfq run --queue` adds a run.\n');
    assert.ok(!existsSync(join(place.dir, 'queued', 'three')));
  });

  it('leaves a folder from which another program computes rewards, advantages and losses again', () => {
    const settings = readRun(dir).config;
    const steps = join(dir, 'steps');
    let updates = 0;
    for (const name of readdirSync(steps)) {
      const lines = readFileSync(join(steps, name), 'utf8').trim().split('\n');
      const again = recompute(
        lines.map((line): unknown => JSON.parse(line)),
        settings,
      );
      updates += again.losses.count;
      assert.ok(again.rewards.count > 0 && again.rewards.worst === 0, JSON.stringify(again));
      assert.ok(again.advantages.worst < 1e-9 && again.losses.worst < 1e-6, JSON.stringify(again));
    }
    assert.ok(updates > 0);
  });

  it('export writes the adapter with a README, and every question with its answers', async () => {
    await ok('export', dir, '--format', 'peft', '--out', 'adapter');
    const config = JSON.parse(readFileSync(join(place.dir, 'adapter', 'adapter_config.json'), 'utf8')) as object;
    assert.ok('peft_type' in config && config.peft_type === 'LORA');
    assert.match(readFileSync(join(place.dir, 'adapter', 'README.md'), 'utf8'), /after 3 steps/);

    await ok('export', dir, '--format', 'dataset', '--out', 'data.jsonl');
    const rows = readFileSync(join(place.dir, 'data.jsonl'), 'utf8').trim().split('\n');
    const valid = readMetrics(dir).reduce((count, metrics) => count + metrics.valid, 0);
    assert.equal(rows.length, valid);
    const [first] = rows.map((row) => JSON.parse(row) as { answers: { verdict: string }[]; reference: string });
    assert.equal(first?.answers.length, 4);
    assert.match(first.reference, /function solve/);
    const card = readFileSync(join(place.dir, 'data-card.md'), 'utf8');
    assert.match(card, new RegExp(`^---\\nlanguage: en\\n[^]*\\n${valid} questions that`));
    await ok('export', dir, '--format', 'harbor', '--out', 'harbor');
    assert.equal(readdirSync(join(place.dir, 'harbor')).length, valid);
  });

  it('resume --steps goes on where the run ended', async () => {
    const other = join(place.dir, 'runs', 'longer');
    await ok('run', '--out', other, '--json', ...place.options({ steps: 1 }));
    await ok('resume', other, '--steps', '3', '--json');
    assert.equal(readRun(other).state, 'finished');
    const timeless = (folder: string): unknown[] =>
      readMetrics(folder).map((line) => ({ ...line, time: '', seconds: {}, tokens_per_second: 0 }));
    assert.deepEqual(timeless(other), timeless(dir));
  });

  it('resume continues a run of another version, whose settings it keeps and says how it reads', async () => {
    const other = join(place.dir, 'runs', 'other');
    cpSync(dir, other, { recursive: true });
    const path = runPaths(other).run;
    const store = (change: Record<string, string | number>): void => {
      const { config, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as { config: Record<string, unknown> };
      const { topK: _, ...kept } = config;
      writeFileSync(path, JSON.stringify({ ...rest, config: { ...kept, ...change } }));
    };
    store({ samplerPrecision: 'fast', curriculum: 'steep' });
    const said = [
      /samplerPrecision=fast is no longer offered; balanced takes its place/,
      /does not know are ignored: curriculum=steep/,
      /begun without have their defaults: topK=0/,
    ];
    await ok('resume', other, '--steps', '4', '--json');
    const { state, step, config } = readRun(other);
    assert.deepEqual({ state, step }, { state: 'finished', step: 4 });
    assert.deepEqual([config['samplerPrecision'], config['curriculum']], ['fast', 'steep']);
    const log = readFileSync(runPaths(other).log, 'utf8');
    const shown = await ok('status', other);
    for (const note of said) {
      assert.equal(log.split('\n').filter((line) => note.test(line)).length, 1, log);
      assert.match(shown, note);
    }

    store({ answersPerQuestion: 1 });
    const refused = await selfq(place, ['resume', other, '--steps', '5']).finished;
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /answersPerQuestion cannot be "1"[^]*run\.json/);
    assert.match(await ok('status', other), /answersPerQuestion cannot be "1"/);
  });

  it('run --settings lists the settings by owner, and a near miss is corrected', async () => {
    assert.match(await ok('run', '--settings'), /^runtime\n\nsetting [^]*^only coding\n\nsetting /m);
    assert.ok(Array.isArray(JSON.parse(await ok('run', '--settings', '--json'))));
    const unknown = await selfq(place, ['run', '--domain', 'codding']).finished;
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /no domain "codding"[^]*"coding"/);
  });

  it('eval gives the figures of a model, and those of an adapter are what the run measured', async () => {
    const base = Evaluation.parse(
      JSON.parse(await ok('eval', '--benchmark', 'coding', '--model', place.model, '--limit', '3', '--json')),
    );
    assert.deepEqual([base.total, base.step, base.adapter, base.limit], [3, 0, null, 3]);
    const asked = ['--benchmark', 'functions', '--split', 'validation', '--limit', '4', '--adapter', dir];
    for (const step of [2, 3]) {
      const trained = Evaluation.parse(JSON.parse(await ok('eval', ...asked, '--step', String(step), '--json')));
      const measured = readEvaluations(dir).find((made) => made.step === step && made.split === 'validation');
      assert.deepEqual(trained.problems, measured?.problems);
      assert.deepEqual([trained.step, trained.model, trained.precision], [step, place.model, measured?.precision]);
      assert.equal(trained.questionsHash, measured?.questionsHash);
    }
    const refused = await selfq(place, ['eval', '--benchmark', 'coding', '--step', '3']).finished;
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /--adapter RUN together with --step/);
  });

  it('eval takes several samples, says what holds for them, and names a precision that there is not', async () => {
    writeFileSync(join(place.dir, 'own.jsonl'), `${JSON.stringify({ ...sum, tags: ['arrays', 'easy'] })}\n`);
    const of = ['eval', '--benchmark', 'own.jsonl', '--model', place.model, '--max-tokens', '24'];
    const text = await ok(...of, '--samples', '4', '--precision', 'exact', '--problems', '--out', 'own.json');
    assert.match(text, /^own: \d+ % of 4 answers to each of 1 problems right/);
    assert.match(text, /pass@1 \d+ %, pass@2 \d+ %, pass@4 \d+ %/);
    assert.match(text, /precision exact, temperature 1, seed 1, at most 24 tokens/);
    assert.match(text, /by difficulty: easy \d+ % of 1\nby tag: arrays \d+ % of 1/);
    assert.match(text, /^sum +easy +\d of 4 /m);
    const written = Evaluation.parse(JSON.parse(readFileSync(join(place.dir, 'own.json'), 'utf8')));
    assert.deepEqual([written.benchmark, written.samples, written.problems[0]?.answers.length], ['own', 4, 4]);
    assert.ok(!existsSync(join(place.dir, 'own.json.journal')));
    for (const [wrong, words] of [
      [['--precision', 'half'], /evalPrecision cannot be "half"[^]*exact, balanced, strict/],
      [['--out', '.'], /\. is a folder/],
      [['--samples', '4', '--temperature', '0'], /4 greedy answers to a question would be the same/],
    ] as const) {
      const { code, stderr } = await selfq(place, [...of, ...wrong]).finished;
      assert.equal(code, 2);
      assert.match(stderr, words);
    }
  });

  it('eval that is interrupted keeps its answers, and the same command continues it', async () => {
    const of = [
      'eval',
      '--benchmark',
      'multiplication',
      '--limit',
      '300',
      '--model',
      place.model,
      '--out',
      'long.json',
    ];
    const args = [...of, '--json', '--set', 'slots=2', '--set', 'threads=1', '--samples', '2', '--max-tokens', '12'];
    const journal = join(place.dir, 'long.json.journal');
    const finished = (): number => (existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').length - 2 : 0);
    const first = selfq(place, args);
    while (finished() < 5) {
      await setTimeout(20);
    }
    first.kill('SIGINT');
    const { code, stderr } = await first.finished;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /Interrupted: the answers to \d+ of 300 questions are kept\.\nThe same command continues/);
    const kept = finished();
    assert.ok(kept >= 5 && kept < 300);
    const other = await selfq(place, [...args, '--seed', '9']).finished;
    assert.equal(other.code, 2);
    assert.match(other.stderr, /holds answers of another evaluation \(multiplication, 300 questions, 2 answers each/);

    const second = selfq(place, args);
    const done = await second.finished;
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stderr, new RegExp(`Continuing: ${kept} of 300 questions are answered already`));
    const evaluation = Evaluation.parse(JSON.parse(done.stdout));
    assert.deepEqual([evaluation.total, evaluation.problems.length], [300, 300]);
    assert.ok(!existsSync(journal));
  });

  it('judge gives verdicts, one by one and in the order of a batch', async () => {
    writeFileSync(join(place.dir, 'sum.json'), JSON.stringify(sum));
    writeFileSync(join(place.dir, 'right.ts'), right.replace('nums)', 'nums: number[]): number'));
    const one: unknown = JSON.parse(await ok('judge', '--problem', 'sum.json', '--solution', 'right.ts', '--json'));
    assert.equal(JudgeResult.parse(one).verdict, 'AC');

    const solutions = Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? right : wrong));
    const lines = solutions.map((solution) => JSON.stringify({ problem: sum, solution }));
    writeFileSync(join(place.dir, 'batch.jsonl'), `${lines.join('\n')}\n`);
    const results = (await ok('judge', '--batch', 'batch.jsonl', '--json')).trim().split('\n');
    assert.deepEqual(
      results.map((line) => JudgeResult.parse(JSON.parse(line)).passed),
      solutions.map((solution) => (solution === right ? 3 : 2)),
    );
    const both = await selfq(place, ['judge', '--batch', 'batch.jsonl', '--problem', 'sum.json']).finished;
    assert.deepEqual([both.code, both.stdout], [2, '']);
  });

  it('generate answers each line, the same for the same seed, greedy at temperature 0', async () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const line = JSON.stringify({ messages, prefill: '```js\nfunction solve(nums) {' });
    writeFileSync(join(place.dir, 'prompts.jsonl'), `${line}\n${JSON.stringify({ prompt: 'a {' })}\n`);
    const args = ['generate', '--model', place.model, '--prompts', 'prompts.jsonl', '--max-tokens', '8', '--json'];
    const [first, again, greedy] = [await ok(...args), await ok(...args), await ok(...args, '--temperature', '0')];
    assert.equal(first, again);
    const completions = [first, greedy].map((text) =>
      text
        .trim()
        .split('\n')
        .map((row) => JSON.parse(row) as { text: string; tokenIds: number[]; logprobs: number[] }),
    );
    for (const rows of completions) {
      assert.equal(rows.length, 2);
      rows.forEach(({ tokenIds, logprobs }) => assert.equal(tokenIds.length, logprobs.length));
      // One of four answers: the model's own table.
      assert.ok(Math.abs((rows[0]?.logprobs[0] ?? 0) - Math.log(1 / 4)) < 0.01);
    }
  });

  it('run.json says which precisions were computed, and why where the settings say otherwise', () => {
    const { precisions, config } = readRun(dir);
    assert.ok(precisions);
    const { reason, ...used } = precisions;
    const { samplerPrecision, trainPrecision } = config;
    const differs = used.samplerPrecision !== samplerPrecision || used.trainPrecision !== trainPrecision;
    assert.equal(differs, reason !== undefined);
  });

  it('models and doctor say what is here and what is not', async () => {
    assert.match(await ok('models'), /qwen2\.5-coder-0\.5b \(default\)/);
    const missing = await selfq(place, ['models', 'verify', 'smollm2-135m']).finished;
    assert.equal(missing.code, 1);
    assert.match(missing.stdout, /selfq models pull smollm2-135m/);
    type Finding = { name: string; state: string; detail: string; remedy?: string };
    const findings = JSON.parse(await ok('doctor', '--json')) as Finding[];
    assert.ok(findings.some(({ name, state }) => name.includes('onnxruntime') && state === 'ok'));
    assert.ok(findings.some(({ name, state }) => name.includes('isolated-vm') && state === 'ok'));
    assert.ok(findings.every(({ state, remedy }) => state === 'ok' || remedy));
    // Nothing that no run needs stands among what was found, and no word that only its makers know.
    const words = findings.flatMap(({ name, detail }) => [name, detail]).join('\n');
    assert.doesNotMatch(words, /GiB|ABI|RLIMIT/);
    assert.doesNotMatch(findings.find(({ name }) => name === 'Devices')?.detail ?? '', /does not work|was not found/);
    assert.match(findings.find(({ name }) => name === 'Devices')?.detail ?? '', /integer products(: exact| saturate)/);
  });
});
