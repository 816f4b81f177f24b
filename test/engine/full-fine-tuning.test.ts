import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attach, startEngine } from '../../src/engine/client.ts';
import { readRun } from '../../src/run/folder.ts';
import { childrenOf, computed, createWorkplace, environment, selfq, type Workplace } from '../support/whole-program.ts';

const settings = { trainedWeights: 'full', learningRate: 0.0005 };

describe('a run that trains every weight', function () {
  this.timeout(240_000);
  let place: Workplace;
  let run: string;

  before(async function () {
    if (process.platform === 'win32') {
      this.skip();
    }
    place = await createWorkplace();
    run = join(place.dir, 'whole');
    const { code, stderr } = await selfq(place, ['run', '--out', run, '--json', ...place.options(settings)]).finished;
    assert.equal(code, 0, stderr);
  });
  after(() => place.remove());

  async function greedy(...policy: string[]): Promise<{ tokenIds: number[]; logprobs: number[] }[]> {
    const prompts = ['one', 'function solve(nums) {', ' */\nfunction solve(nums) {\n'];
    writeFileSync(
      join(place.dir, 'prompts.jsonl'),
      prompts.map((prompt) => `${JSON.stringify({ prompt })}\n`).join(''),
    );
    const given = ['--prompts', 'prompts.jsonl', '--temperature', '0', '--max-tokens', '12', '--json'];
    const { stdout, stderr, code } = await selfq(place, ['generate', ...given, ...policy]).finished;
    assert.equal(code, 0, stderr);
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { tokenIds: number[]; logprobs: number[] });
  }

  it('updates in each step, from the policy that its sampler has', () => {
    const { metrics } = computed(run);
    assert.equal(metrics.length, 3);
    for (const { solver } of metrics) {
      assert.ok(solver.grad_norm !== null && solver.grad_norm > 0);
      assert.ok(solver.sampling_logp_difference! < 0.05, `${solver.sampling_logp_difference} nats`);
    }
    assert.equal(existsSync(join(run, 'checkpoints', '000003', 'adapter_model.safetensors')), false);
  });

  /** The same run, in which `strike` kills something in the middle of the last update. */
  async function cut(dir: string, strike: (engine: number) => void): Promise<void> {
    const home = process.env['SELFQ_HOME'];
    process.env['SELFQ_HOME'] = environment(place)['SELFQ_HOME'];
    try {
      await startEngine(dir, { config: place.config(settings) });
    } finally {
      if (home === undefined) {
        delete process.env['SELFQ_HOME'];
      } else {
        process.env['SELFQ_HOME'] = home;
      }
    }
    const client = await attach(dir);
    let struck = false;
    client.onEvent((event) => {
      if (!struck && event.type === 'stage' && event.step === 3 && event.stage === 'update') {
        struck = true;
        strike(client.run.engine.pid);
      }
    });
    await client.closed;
    client.dispose();
  }

  it('gives the same after kill -9 in the middle of an update and a resume', async () => {
    const dir = join(place.dir, 'cut');
    await cut(dir, (engine) => process.kill(engine, 'SIGKILL'));
    assert.equal(readRun(dir).step, 2);
    const { code, stderr } = await selfq(place, ['resume', dir, '--json']).finished;
    assert.equal(code, 0, stderr);
    assert.deepEqual(computed(dir), computed(run));
  });

  it('goes on by itself, to the same end, when the runtime is killed in an update', async () => {
    const dir = join(place.dir, 'healed');
    await cut(dir, (engine) => childrenOf(engine, 'runtime').forEach((pid) => process.kill(pid, 'SIGKILL')));
    assert.equal(readRun(dir).restarts, 1);
    assert.deepEqual(computed(dir), computed(run));
  });

  it('leaves no weights of its own beside the prepared ones', () => {
    const prepared = join(place.dir, 'cache', 'prepared');
    assert.deepEqual(
      readdirSync(prepared).filter((name) => name.startsWith('policy')),
      [],
    );
  });

  it('is exported as a model that says what its checkpoint says, and not as an adapter', async () => {
    const out = join(place.dir, 'exported');
    const exported = await selfq(place, ['export', run, '--format', 'merged', '--precision', 'fp32', '--out', out])
      .finished;
    assert.equal(exported.code, 0, exported.stderr);
    assert.match(readFileSync(join(out, 'README.md'), 'utf8'), /all of its weights trained, after 3 steps/);
    const trained = await greedy('--model', place.model, '--adapter', join(run, 'checkpoints', '000003'));
    assert.deepEqual(await greedy('--model', out), trained);
    assert.notDeepEqual(await greedy('--model', place.model), trained);

    const peft = await selfq(place, ['export', run, '--format', 'peft']).finished;
    assert.equal(peft.code, 2);
    assert.match(peft.stderr, /there is no adapter[\s\S]*--format merged/);
  });

  it('is refused before it starts where memory does not suffice, with the figure, and on other devices', async () => {
    const model = join(place.dir, 'large');
    cpSync(place.model, model, { recursive: true });
    const path = join(model, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    const large = { num_hidden_layers: 40, hidden_size: 32_768, intermediate_size: 131_072 };
    writeFileSync(path, JSON.stringify({ ...config, ...large }));
    const args = place.options(settings).map((arg) => (arg === place.model ? model : arg));
    const refused = await selfq(place, ['run', '--out', 'refused', ...args]).finished;
    assert.notEqual(refused.code, 0);
    assert.match(refused.stderr, /needs \d+\.\d GB of memory for a run, this machine has/);

    const options = ['--out', 'elsewhere', '--device', 'webgpu', ...place.options(settings)];
    const elsewhere = await selfq(place, ['run', ...options]).finished;
    assert.notEqual(elsewhere.code, 0);
    assert.match(elsewhere.stderr, /on the processor alone, not on webgpu/);
  });
});
