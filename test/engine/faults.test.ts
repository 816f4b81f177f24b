import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entryPath } from '../../src/base/entries.ts';
import { readMetrics, readRun, runPaths } from '../../src/run/folder.ts';
import { createWorkplace, environment, selfq, type Workplace } from '../support/whole-program.ts';

describe('faults and bad input', function () {
  this.timeout(240_000);
  let place: Workplace;
  before(async () => (place = await createWorkplace()));
  after(() => place.remove());

  const rejected: [string, string[], RegExp][] = [
    ['an unknown command', ['rnu'], /no command "rnu"[\s\S]*selfq run/],
    ['an unknown option', ['run', '--stpes', '3'], /no option --stpes[\s\S]*--steps/],
    ['an unknown setting', ['run', '--set', 'learnigRate=1'], /no setting "learnigRate"[\s\S]*learningRate/],
    ['a value out of range', ['run', '--steps', '0'], /steps cannot be "0"[\s\S]*from 1/],
    ['an unknown preset', ['run', '--preset', 'fast'], /no preset "fast"/],
    ['a setting without value', ['run', '--set', 'seed'], /has no value/],
    ['an option without value', ['run', '--steps'], /steps/],
    ['too many arguments', ['resume', 'a', 'b'], /one argument too many/],
    ['no run folder', ['resume'], /Which run/],
    [
      'an unknown model of the catalogue',
      ['models', 'pull', 'gpt'],
      /"gpt" is neither a model of the catalogue nor a name of the hub/,
    ],
    ['a benchmark that is not there', ['eval', '--benchmark', 'none.jsonl'], /no benchmark/],
    [
      'sampling that an evaluation does not compute',
      ['eval', '--benchmark', 'coding', '--set', 'topP=0.9'],
      /topP=0\.9 is not computed/,
    ],
    [
      'an option of another measurement',
      ['bench', 'sandbox', '--rows', '1'],
      /bench sandbox has no --rows[^]*generate/,
    ],
    ['a setting that changes nothing served', ['serve', '--model', 'x', '--set', 'seed=1'], /seed changes nothing/],
    ['a setting without a model to serve', ['serve', '--set', 'threads=1'], /--set is about a model/],
    ['prompts that are not JSON', ['generate', '--prompts', 'bad.jsonl'], /Line 1 of bad.jsonl is not JSON/],
  ];
  for (const [what, args, words] of rejected) {
    it(`refuses ${what} with exit code 2 and says what would do`, async () => {
      writeFileSync(join(place.dir, 'bad.jsonl'), 'no\n');
      const { code, stderr, stdout } = await selfq(place, args).finished;
      assert.equal(code, 2, stderr);
      assert.match(stderr, words);
      assert.equal(stdout, '');
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  }

  it('says that a model file is missing', async () => {
    const { code, stderr } = await selfq(place, ['run', '--model', 'none.gguf']).finished;
    assert.equal(code, 1);
    assert.match(stderr, /no model "none.gguf"/);
  });

  it('names what is wrong with a torn model before a run is begun', async () => {
    writeFileSync(join(place.dir, 'torn.gguf'), 'GGUF\u0003\u0000\u0000\u0000');
    const { code, stderr } = await selfq(place, ['run', '--out', 'torn', ...place.options(), '--model', 'torn.gguf'])
      .finished;
    assert.equal(code, 1);
    assert.match(stderr, /torn\.gguf/);
    assert.ok(!existsSync(join(place.dir, 'torn')));
  });

  it('refuses to go on with another model than the run was begun with', async () => {
    const other = await createWorkplace();
    const begun = await selfq(other, ['run', '--out', 'run', ...other.options({ steps: 1 })]).finished;
    assert.equal(begun.code, 0, begun.stderr);
    appendFileSync(join(other.model, 'config.json'), '\n');
    const { code, stderr } = await selfq(other, ['resume', 'run', '--steps', '2']).finished;
    assert.equal(code, 1);
    assert.match(stderr, /wrong checksum/);
    other.remove();
  });

  it('refuses a run folder of a newer version and says which', async () => {
    const dir = join(place.dir, 'newer');
    mkdirSync(dir);
    writeFileSync(runPaths(dir).run, JSON.stringify({ version: 7, id: 'newer' }));
    for (const args of [
      ['resume', 'newer'],
      ['status', 'newer'],
      ['run', '--out', 'newer', ...place.options()],
    ]) {
      const { code, stderr } = await selfq(place, args).finished;
      assert.equal(code, 1);
      assert.match(stderr, /version 7/);
    }
  });

  it('does not begin a run where one lies', async () => {
    const first = await selfq(place, ['run', '--out', 'taken', ...place.options({ steps: 1 })]).finished;
    assert.equal(first.code, 0, first.stderr);
    const before = readFileSync(runPaths(join(place.dir, 'taken')).metrics, 'utf8');
    const second = await selfq(place, ['run', '--out', 'taken', ...place.options({ steps: 1 })]).finished;
    assert.equal(second.code, 1);
    assert.match(second.stderr, /already holds the run/);
    assert.equal(readFileSync(runPaths(join(place.dir, 'taken')).metrics, 'utf8'), before);
    const over = await selfq(place, ['resume', 'taken']).finished;
    assert.equal(over.code, 2);
    assert.match(over.stderr, /--steps/);
  });

  it('loses nothing when the disk is full, says so, and goes on when there is room', function () {
    if (!canMount()) {
      // Needs Linux with user namespaces, to have a small file system of its own.
      this.skip();
    }
    const disk = join(place.dir, 'disk');
    const copy = join(place.dir, 'copy');
    mkdirSync(disk);
    const cli = [process.execPath, entryPath('cli')].map((word) => `'${word}'`).join(' ');
    const options = place
      .options()
      .map((word) => `'${word}'`)
      .join(' ');
    // What the filler leaves, some 330 KiB, holds the beginning of a run but not all of it.
    const script = `
      mount -t tmpfs -o size=1600k tmpfs '${disk}' || exit 99
      head -c 1300000 /dev/zero > '${disk}/filler'
      ${cli} run --out '${disk}/run' ${options} > /dev/null
      echo "code $?" >&2
      cp -r '${disk}/run' '${copy}'
      rm '${disk}/filler'
      ${cli} resume '${disk}/run' > /dev/null
      echo "resumed $?" >&2
      cp '${disk}/run/metrics.jsonl' '${copy}/metrics.jsonl'`;
    const { stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script], { env: environment(place), encoding: 'utf8' });
    assert.match(stderr, /disk is full/);
    assert.match(stderr, /code 1\n/);
    assert.match(stderr, /selfq resume/);
    assert.equal(readRun(copy).state, 'failed');
    assert.match(stderr, /resumed 0\n/);
    assert.deepEqual(
      readMetrics(copy).map(({ step }) => step),
      [1, 2, 3],
    );
    assert.ok(!existsSync(join(disk, 'run')), 'the small disk is gone with its namespace');
  });
});

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
