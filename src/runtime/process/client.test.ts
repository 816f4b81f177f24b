import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../../test/support/runtime-settings.ts';
import { pidExists } from '../../base/processes.ts';
import type { GenerateRequest, Progress } from '../../protocol/runtime.ts';
import type { LoadRequest } from './calls.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { RuntimeProcess } from './client.ts';

describe('the runtime process', function () {
  this.timeout(20_000);
  let folder: string;
  const started: RuntimeProcess[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runtime-'));
    await writeTinyModel(join(folder, 'model'));
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((runtime) => runtime.close()));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  function start(): RuntimeProcess {
    const runtime = new RuntimeProcess({ cancelGraceMs: 5_000 });
    started.push(runtime);
    return runtime;
  }

  const loading = (overrides: Partial<LoadRequest> = {}): LoadRequest => ({
    ...exactRuntime,
    modelPath: join(folder, 'model'),
    cacheDir: folder,
    slots: 4,
    contextTokens: 512,
    loraRank: 4,
    loraAlpha: 8,
    seed: 3,
    ...overrides,
  });

  const ask = (overrides: Partial<GenerateRequest> = {}): GenerateRequest => ({
    prompt: { messages: [{ role: 'user', content: 'hello' }] },
    samples: 2,
    maxTokens: 12,
    temperature: 1,
    seed: 1,
    ...overrides,
  });

  /** Long enough to be interrupted on any machine. */
  const endless = () => ask({ samples: 64, maxTokens: 450 });

  it('loads, counts tokens and generates, with progress', async () => {
    const runtime = start();
    const seen = new Set<Progress['stage']>();
    const onProgress = (progress: Progress) => seen.add(progress.stage);
    const reply = await runtime.call('load', loading(), { onProgress });
    assert.equal(reply.architecture, 'qwen2');
    assert.equal(reply.parameters, 98_880);
    assert.equal(reply.trainedParameters, 4 * 2 * (64 * 4 + 64 + 32 + 32 + 64 + 3 * (64 + 128)));

    const [group] = await runtime.call('generate', { requests: [ask()], adapter: true }, { onProgress });
    assert.equal(group?.length, 2);
    const { prompt } = ask();
    assert.ok('messages' in prompt);
    const counts = await runtime.call('countTokens', { prompts: [prompt, { ...prompt, prefill: 'ab' }] });
    assert.deepEqual(counts, [group[0]?.promptTokenIds.length, Number(group[0]?.promptTokenIds.length) + 2]);
    assert.deepEqual([...seen].sort(), ['completion', 'generate', 'load']);
  });

  it('gives the same tokens in another process', async () => {
    const results = [];
    for (let i = 0; i < 2; i++) {
      const runtime = start();
      await runtime.call('load', loading());
      results.push(await runtime.call('generate', { requests: [ask()], adapter: true }));
    }
    assert.deepEqual(results[0], results[1]);
  });

  it('answers a wrong call with what to do and lives on', async () => {
    const runtime = start();
    await assert.rejects(runtime.call('generate', { requests: [ask()], adapter: true }), { boundary: 'runtime' });
    await assert.rejects(runtime.call('load', loading({ modelPath: join(folder, 'none') })), {
      boundary: 'model',
      message: /no model at/,
    });
    await runtime.call('load', loading());
    await assert.rejects(runtime.call('generate', { requests: [ask({ temperature: -1 })], adapter: true }), {
      boundary: 'usage',
    });
    assert.equal((await runtime.call('generate', { requests: [ask()], adapter: false })).length, 1);
  });

  it('says so when prepared weights cannot be written', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await assert.rejects(start().call('load', loading({ cacheDir: file })), {
      boundary: 'environment',
      message: /cannot be written/,
    });
  });

  it('stops a call when the signal fires and takes the next one', async () => {
    const runtime = start();
    await runtime.call('load', loading());
    const abort = new AbortController();
    const running = runtime.call(
      'generate',
      { requests: [endless()], adapter: true },
      {
        signal: abort.signal,
        onProgress: () => abort.abort(),
      },
    );
    await assert.rejects(running, { boundary: 'interrupted' });
    assert.ok(runtime.alive);
    assert.equal((await runtime.call('generate', { requests: [ask()], adapter: true })).length, 1);
  });

  it('fails pending and later calls when it is killed, and says how it ended', async () => {
    const runtime = start();
    await runtime.call('load', loading());
    const pid = runtime.pid;
    assert.ok(pid);
    const running = runtime.call(
      'generate',
      { requests: [endless()], adapter: true },
      {
        onProgress: () => process.kill(pid, 'SIGKILL'),
      },
    );
    const death = { boundary: 'runtime', message: /SIGKILL.*memory/, remedy: /Lower slots/ };
    await assert.rejects(running, death);
    assert.ok(!runtime.alive);
    await assert.rejects(runtime.call('countTokens', { prompts: [] }), death);
  });

  it('repeats the last words of a process that crashes', async () => {
    const crash = 'process.on("SIGTERM",()=>{throw(new(Error)("a-fault"))})';
    process.env['NODE_OPTIONS'] = `--import=data:text/javascript,${crash.replaceAll('"', '%22')}`;
    const runtime = start();
    delete process.env['NODE_OPTIONS'];
    await runtime.call('load', loading());
    const pid = runtime.pid;
    assert.ok(pid);
    const running = runtime.call(
      'generate',
      { requests: [endless()], adapter: true },
      {
        onProgress: () => process.kill(pid, 'SIGTERM'),
      },
    );
    await assert.rejects(running, /ended unexpectedly \(exit code 1\)[^]*Error: a-fault/);
  });

  it('ends when its parent is gone', async () => {
    const script = join(folder, 'parent.mts');
    const client = join(import.meta.dirname, 'client.ts');
    await writeFile(
      script,
      `import { RuntimeProcess } from ${JSON.stringify(client)};
       const runtime = new RuntimeProcess();
       await runtime.call('load', ${JSON.stringify(loading())});
       process.send(runtime.pid);
       setInterval(() => {}, 1000);`,
    );
    const parent = fork(script);
    const pid = await new Promise<number>((resolve) => parent.once('message', (message) => resolve(Number(message))));
    parent.kill('SIGKILL');
    const deadline = Date.now() + 5_000;
    while (pidExists(pid) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.ok(!pidExists(pid), 'the runtime outlived its parent');
  });

  it('closes at once, also in the middle of a call', async () => {
    const runtime = start();
    await runtime.call('load', loading());
    let closed: Promise<void> | undefined;
    const running = runtime.call(
      'generate',
      { requests: [endless()], adapter: true },
      {
        onProgress: () => {
          closed ??= runtime.close();
        },
      },
    );
    await assert.rejects(running, { boundary: 'interrupted' });
    await closed;
    assert.ok(!runtime.alive);
  });
});
