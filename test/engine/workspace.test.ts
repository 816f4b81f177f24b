import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CodingContent } from '../../src/domains/coding/content.ts';
import { SeedReport } from '../../src/protocol/seed.ts';
import { readEvaluations, readRun, readStep, runPaths } from '../../src/run/folder.ts';
import { createWorkplace, selfq, type Workplace } from '../support/whole-program.ts';

describe('a run about a folder', function () {
  this.timeout(240_000);
  let place: Workplace;
  before(async () => {
    place = await createWorkplace();
    mkdirSync(join(place.dir, 'code'));
    for (let index = 0; index < 12; index++) {
      writeFileSync(
        join(place.dir, 'code', `f${index}.ts`),
        `export function f${index}(nums: number[]): number {\n  return nums.length * ${index + 1} + (nums[0] ?? ${index});\n}\n`,
      );
    }
  });
  after(() => place.remove());

  const run = (...args: string[]) => selfq(place, args).finished;

  it('keeps its functions, asks about them alone, and continues when the folder has moved', async () => {
    const settings = place.options({ steps: 2, statementShare: 0.5, heldOutShare: 0.3, proposerPrompts: 6 });
    const first = await run('run', '--domain', 'workspace', '--out', 'run', '--set', 'workspace=code', ...settings);
    assert.equal(first.code, 0, first.stderr);
    const dir = join(place.dir, 'run');
    const report = SeedReport.parse(JSON.parse(readFileSync(runPaths(dir).seeds, 'utf8')));
    assert.deepEqual([report.folder, report.seeds.length], [join(place.dir, 'code'), 12]);
    renameSync(join(place.dir, 'code'), join(place.dir, 'moved'));
    const second = await run('resume', 'run', '--steps', '3');
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual([readRun(dir).state, readRun(dir).step], ['finished', 3]);

    const prompts = [1, 2, 3].flatMap((step) => readStep(dir, step, ['prompt']));
    const shown = new Set(prompts.flatMap(({ prompt }) => JSON.stringify(prompt).match(/function f\d+\(/g) ?? []));
    const questions = [1, 2, 3].flatMap((step) => readStep(dir, step, ['question']));
    const seeds = questions.flatMap(({ content }) => CodingContent.parse(content).seed ?? []);
    assert.ok(seeds.length > 0 && seeds.length === questions.length, `${seeds.length} of ${questions.length}`);
    assert.ok(seeds.some(({ kind }) => kind === 'statement') && seeds.some(({ kind }) => kind === 'variation'));
    const problems = readFileSync(runPaths(dir).heldOut, 'utf8');
    for (const name of shown) {
      assert.ok(!problems.includes(`"${name.slice(9, -1)}"`), `${name} was shown and is held out`);
    }
    const names = new Set(readEvaluations(dir).map(({ benchmark }) => benchmark));
    assert.ok(names.has('functions'), [...names].join());
  });

  it('is refused where there is nothing to ask about, with what to do', async () => {
    mkdirSync(join(place.dir, 'empty'));
    const { code, stderr } = await run(
      ...['run', '--domain', 'workspace', '--out', 'none', '--set', 'workspace=empty'],
      ...place.options(),
    );
    assert.equal(code, 1);
    assert.match(stderr, /has 0 functions that problems can be made from/);
    assert.match(stderr, /selfq seeds/);
  });

  it('is about what `selfq seeds` lists', async () => {
    const { code, stdout } = await run('seeds', 'moved', '--exclude', 'f1?.ts', '--json');
    assert.equal(code, 0);
    const { seeds, files } = SeedReport.parse(JSON.parse(stdout));
    assert.deepEqual([seeds.length, files.skipped.excluded], [10, 2]);
    const { stdout: text } = await run('seeds', 'moved', '--rejected');
    assert.match(text, /12 of 12 functions can be used/);
  });
});
