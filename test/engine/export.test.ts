import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readGgufHeader } from '../../src/model/formats/gguf.ts';
import { openModel } from '../../src/model/open.ts';
import { uniform } from '../../src/base/random.ts';
import { writeCheckpoint } from '../../src/run/checkpoint.ts';
import { appendMetrics, makeRunFolders, writeEvaluation, writeRun } from '../../src/run/folder.ts';
import { createAdapter } from '../../src/runtime/decoder/adapter.ts';
import { writeCheckpoint as writeAdapter } from '../../src/runtime/training/checkpoint.ts';
import { createOptimizerState } from '../../src/runtime/training/optimizer.ts';
import { exampleEvaluation, exampleMetrics, exampleRun } from '../support/run-examples.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { selfq, type Workplace } from '../support/whole-program.ts';

/** A run of a tiny model whose adapter says quite another thing than its base. */
describe('selfq export', function () {
  this.timeout(240_000);
  let place: Workplace;
  let model: string;
  let run: string;

  before(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'selfq-export-'));
    model = join(dir, 'model');
    run = join(dir, 'run');
    const remove = (): void => rmSync(dir, { recursive: true, force: true });
    place = {
      dir,
      model,
      overrides: {},
      options: () => [],
      config: () => assert.fail('no run is started here'),
      remove,
    };
    // Sure of itself, so that rounding to bfloat16 and to 8 bit changes no greedy token.
    await writeTinyModel(model, { embeddingScale: 0.8 });
    const opened = await openModel(model);
    makeRunFolders(run);
    const base = { id: model, path: model, hash: opened.hash };
    writeRun(run, { ...exampleRun(), state: 'finished', model: base, step: 2 });
    let drawn = 0;
    const adapter = createAdapter(opened.config, 4, 8, () => uniform(3, drawn++));
    adapter.pairs.forEach(({ b }, pair) => b.forEach((_, i) => (b[i] = uniform(4, pair, i) - 0.5)));
    await opened.close();
    await writeCheckpoint(run, 2, (folder) =>
      writeAdapter(folder, { adapter, optimizer: createOptimizerState(adapter) }, 'tiny'),
    );
    appendMetrics(run, exampleMetrics(1));
    writeEvaluation(run, exampleEvaluation(0));
    writeFileSync(
      join(dir, 'prompts.jsonl'),
      ['one', 'another', 'a longer prompt'].map((prompt) => `${JSON.stringify({ prompt })}\n`).join(''),
    );
  });
  after(() => place.remove());

  async function ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await selfq(place, args).finished;
    assert.equal(code, 0, stderr);
    return stdout;
  }

  async function greedy(...policy: string[]): Promise<number[][]> {
    const given = ['--prompts', 'prompts.jsonl', '--temperature', '0', '--max-tokens', '12', '--json'];
    const lines = (await ok('generate', ...given, ...policy)).trim().split('\n');
    return lines.map((line) => (JSON.parse(line) as { tokenIds: number[] }).tokenIds);
  }

  it('merged writes a model that says what base and adapter say together', async () => {
    const told = JSON.parse(await ok('export', run, '--format', 'merged', '--json')) as Record<string, unknown>;
    const out = join(run, 'export', 'merged');
    assert.deepEqual(
      { format: told['format'], out: told['out'], step: told['step'] },
      { format: 'merged', out, step: 2 },
    );
    assert.match(readFileSync(join(out, 'README.md'), 'utf8'), /adapter merged in, after 2 steps/);

    const together = await greedy('--model', model, '--adapter', join(run, 'checkpoints', '000002'));
    assert.deepEqual(await greedy('--model', out), together);
    assert.notDeepEqual(await greedy('--model', model), together);
  });

  it('merged writes fp32 on request, and never over another export', async () => {
    const out = join(place.dir, 'exact');
    await ok('export', run, '--format', 'merged', '--precision', 'fp32', '--out', out);
    const again = await selfq(place, ['export', run, '--format', 'merged', '--out', out]).finished;
    assert.equal(again.code, 2);
    assert.match(again.stderr, /is there already/);
    const wrong = await selfq(place, ['export', run, '--format', 'merged', '--precision', 'int8']).finished;
    assert.match(wrong.stderr, /bf16, fp32/);
  });

  it('gguf-lora writes the adapter for llama.cpp and says how it is used', async () => {
    const told = JSON.parse(await ok('export', run, '--format', 'gguf-lora', '--json')) as Record<string, unknown>;
    assert.equal(told['step'], 2);
    const out = join(run, 'export', 'gguf-lora');
    const { metadata, tensors } = await readGgufHeader(join(out, 'adapter.gguf'));
    assert.equal(metadata.get('adapter.lora.alpha'), 8);
    assert.ok(tensors.has('blk.0.attn_q.weight.lora_a') && tensors.has('blk.0.ffn_down.weight.lora_b'));
    assert.match(readFileSync(join(out, 'README.md'), 'utf8'), /llama-server -m BASE\.gguf --lora adapter\.gguf/);
    assert.match(readFileSync(join(out, 'Modelfile'), 'utf8'), /^FROM .*\nADAPTER \.\/adapter\.gguf$/m);
  });

  it('merged refuses a base that is not the one of the run', async () => {
    const other = join(place.dir, 'other-run');
    mkdirSync(join(other, 'checkpoints'), { recursive: true });
    const record = { ...exampleRun(), model: { id: model, path: model, hash: 'ab'.repeat(32) } };
    writeRun(other, record);
    await writeCheckpoint(other, 1, async () => undefined);
    const { code, stderr } = await selfq(place, ['export', other, '--format', 'merged']).finished;
    assert.equal(code, 1);
    assert.match(stderr, /not the model that this run was begun with/);
  });

  it('report writes one page with results and curves', async () => {
    await ok('export', run, '--format', 'report');
    const page = readFileSync(join(run, 'export', 'report.html'), 'utf8');
    assert.match(page, /Did it learn\?/);
    assert.match(page, /<polyline/);
    assert.match(page, /<svg/);
  });

  it('tensorboard writes the curves under the name of the run', async () => {
    await ok('export', run, '--format', 'tensorboard');
    const [file] = readdirSync(join(run, 'export', 'tensorboard', 'example'));
    assert.match(file ?? '', /^events\.out\.tfevents\.\d+\./);
    const bytes = readFileSync(join(run, 'export', 'tensorboard', 'example', file ?? ''));
    for (const tag of ['brain.Event:2', 'solver/reward', 'proposer/reward', 'eval/accuracy']) {
      assert.ok(bytes.includes(tag), tag);
    }
  });

  it('names the nearest format', async () => {
    const { code, stderr } = await selfq(place, ['export', run, '--format', 'tensorbord']).finished;
    assert.equal(code, 2);
    assert.match(stderr, /Did you mean tensorboard/);
  });

  it('refuses an option that its format has no use for', async () => {
    for (const [format, option, value] of [
      ['dataset', 'step', '1'],
      ['peft', 'precision', 'fp32'],
    ] as const) {
      const { code, stderr } = await selfq(place, ['export', run, '--format', format, `--${option}`, value]).finished;
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`The format ${format} has no --${option}`));
    }
  });
});
