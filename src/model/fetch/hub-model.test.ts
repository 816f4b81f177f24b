import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHub, type HubServer } from '../../../test/support/hub-server.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { BoundaryError } from '../../base/errors.ts';
import type { PullOptions, PullProgress } from './download.ts';
import { listHubModels, pullHubModel } from './hub-model.ts';
import { parseHubName } from './hub-name.ts';
import { chooseModel, modelStatus, resolveModel, verifyModel } from '../installed.ts';
import { openModel } from '../open.ts';

describe('a model of the hub', () => {
  let dir: string;
  let hub: HubServer;
  let tiny: Record<string, Buffer>;

  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hub-tiny-'));
    await writeTinyModel(folder);
    const names = await readdir(folder);
    tiny = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)),
    );
    await rm(folder, { recursive: true });
  });

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'hub-'));
    hub = await startHub();
    hub.repos['someone/tiny'] = {
      commit: 'c0ffee',
      licence: 'mit',
      files: { ...tiny, 'pytorch_model.bin': Buffer.alloc(5_000), 'onnx/model.onnx': Buffer.alloc(5_000) },
    };
    hub.repos['someone/ggufs'] = {
      commit: 'beef',
      files: {
        'tiny-q4_0.gguf': Buffer.alloc(4_000, 3),
        'tiny-q8_0.gguf': Buffer.alloc(6_000, 4),
        'big-00001-of-00002.gguf': Buffer.alloc(10),
      },
    };
  });

  afterEach(async () => {
    await hub.close();
    await rm(dir, { recursive: true });
  });

  const options = (more: Partial<PullOptions> = {}): PullOptions => ({
    cacheDir: dir,
    hub: { url: hub.url, connectMs: 5_000, stallMs: 5_000, retryMs: [1, 1] },
    ...more,
  });
  const folder = { repo: 'someone/tiny' };
  const weights = (): Buffer => tiny['model.safetensors']!;

  it('is named ORG/NAME, or ORG/NAME/FILE.gguf, or by the address of its page', () => {
    assert.deepEqual(parseHubName('Qwen/Qwen2.5-0.5B-Instruct'), { repo: 'Qwen/Qwen2.5-0.5B-Instruct' });
    assert.deepEqual(parseHubName('a/b/sub/x.Q4_0.gguf'), { repo: 'a/b', file: 'sub/x.Q4_0.gguf' });
    for (const page of [
      'https://huggingface.co/a/b',
      'https://hf.co/a/b/',
      'https://huggingface.co/a/b/tree/main?x=1',
    ]) {
      assert.deepEqual(parseHubName(page), { repo: 'a/b' }, page);
    }
    const file = 'https://huggingface.co/a/b/blob/main/sub/x.Q4_0.gguf';
    assert.deepEqual(parseHubName(file), { repo: 'a/b', file: 'sub/x.Q4_0.gguf' });
    for (const path of [
      'https://example.com/a/b',
      'qwen',
      './a/b',
      '/a/b',
      'a/../b',
      'a/b/../../c.gguf',
      'models/x.gguf',
      'a/b/c',
      '~/a',
    ]) {
      assert.equal(parseHubName(path), undefined, path);
    }
  });

  it('comes as a folder that opens, without what is not needed, and is found by its name', async () => {
    const progress: PullProgress[] = [];
    const { path, bytes } = await pullHubModel(folder, options({ onProgress: (told) => progress.push(told) }));
    assert.deepEqual((await readdir(path)).sort(), [...Object.keys(tiny), 'source.json'].sort());
    assert.equal(
      bytes,
      Object.values(tiny).reduce((sum, file) => sum + file.length, 0),
    );
    const downloads = progress.filter((told) => told.stage === 'download');
    assert.deepEqual(downloads.at(-1), { stage: 'download', source: 'Hugging Face hub', done: bytes, total: bytes });

    assert.equal(await resolveModel('someone/tiny', dir), path);
    const model = await openModel(path);
    assert.equal(model.config.hidden, 64);
    await model.close();
    assert.deepEqual(await listHubModels(dir), [{ id: 'someone/tiny', licence: 'mit' }]);

    hub.fetched.length = 0;
    await pullHubModel(folder, options());
    assert.deepEqual(hub.fetched, []);
  });

  it('comes as the one GGUF file that was named', async () => {
    const { path } = await pullHubModel({ repo: 'someone/ggufs', file: 'tiny-q8_0.gguf' }, options());
    assert.ok((await readFile(path)).equals(Buffer.alloc(6_000, 4)));
    assert.deepEqual(hub.fetched, ['tiny-q8_0.gguf 0']);
    assert.equal((await verifyModel(chooseModel('someone/ggufs/tiny-q8_0.gguf', dir))).state, 'ready');
    assert.equal((await modelStatus(chooseModel('someone/ggufs/tiny-q4_0.gguf', dir))).state, 'absent');
    await pullHubModel({ repo: 'someone/ggufs', file: 'tiny-q4_0.gguf' }, options());
    assert.deepEqual(
      (await listHubModels(dir)).map(({ id }) => id),
      ['someone/ggufs/tiny-q8_0.gguf', 'someone/ggufs/tiny-q4_0.gguf'],
    );
  });

  it('continues where a broken connection left it, also in a later attempt', async () => {
    const third = Math.ceil(weights().length / 3);
    hub.breakAfter = third;
    await assert.rejects(
      pullHubModel(folder, options({ hub: { ...options().hub!, retryMs: [] } })),
      (error) => error instanceof BoundaryError && error.boundary === 'model' && /broke off/.test(error.message),
    );
    assert.equal((await modelStatus(chooseModel('someone/tiny', dir))).state, 'partial');
    await assert.rejects(resolveModel('someone/tiny', dir), /not on this machine/);
    hub.fetched.length = 0;
    await pullHubModel(folder, options());
    assert.deepEqual(
      hub.fetched.filter((line) => line.startsWith('model.safetensors')),
      [`model.safetensors ${third}`, `model.safetensors ${2 * third}`],
    );
    assert.equal((await verifyModel(chooseModel('someone/tiny', dir))).state, 'ready');
  });

  it('is refused when a large or a small file comes with a wrong checksum, and nothing wrong stays', async () => {
    for (const name of ['tokenizer_config.json', 'model.safetensors']) {
      hub.corrupted = name;
      await assert.rejects(pullHubModel(folder, options()), (error) => {
        assert.ok(error instanceof BoundaryError);
        assert.match(error.message, new RegExp(`${name} came with a wrong checksum`));
        return true;
      });
      const names = await readdir(join(dir, 'models', 'someone', 'tiny'));
      assert.ok(!names.includes(name) && !names.some((left) => left.endsWith('.part')), names.join());
    }
    hub.corrupted = undefined;
    await pullHubModel(folder, options());
    assert.equal((await verifyModel(chooseModel('someone/tiny', dir))).state, 'ready');
  });

  it('is wrong when a file was changed or lost since, and is mended by another pull', async () => {
    const { path } = await pullHubModel(folder, options());
    const chosen = chooseModel('someone/tiny', dir);
    const changed = Buffer.from(weights());
    changed[changed.length - 1]! ^= 1;
    await writeFile(join(path, 'model.safetensors'), changed);
    assert.equal((await modelStatus(chosen)).state, 'ready');
    assert.match((await verifyModel(chosen)).problem ?? '', /checksum of model\.safetensors/);
    await rm(join(path, 'tokenizer.json'));
    assert.match((await modelStatus(chosen)).problem ?? '', /tokenizer\.json is missing/);
    await pullHubModel(folder, options());
    assert.equal((await verifyModel(chosen)).state, 'ready');
  });

  it('is refused before its weights are fetched when its architecture cannot be run', async () => {
    const config = { ...(JSON.parse(tiny['config.json']!.toString()) as object), model_type: 'mamba' };
    hub.repos['someone/tiny']!.files['config.json'] = Buffer.from(JSON.stringify(config));
    await assert.rejects(pullHubModel(folder, options()), /mamba/);
    assert.ok(!hub.fetched.some((line) => line.startsWith('model.safetensors')), hub.fetched.join());
  });

  it('says which GGUF files there are when none was named, and when the name is wrong or the hub closed', async () => {
    const remedyOf = async (name: Parameters<typeof pullHubModel>[0], more?: Partial<PullOptions>): Promise<string> => {
      const error: unknown = await pullHubModel(name, options(more)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof BoundaryError, String(error));
      return `${error.boundary}: ${error.message} ${error.remedy}`;
    };
    assert.match(await remedyOf({ repo: 'someone/ggufs' }), /usage: .*pull someone\/ggufs\/tiny-q4_0\.gguf.*tiny-q8_0/);
    assert.match(await remedyOf({ repo: 'someone/ggufs', file: 'none.gguf' }), /usage: .*no file none\.gguf/);
    assert.match(
      await remedyOf({ repo: 'someone/ggufs', file: 'big-00001-of-00002.gguf' }),
      /usage: .*part of a split/,
    );
    assert.match(await remedyOf({ repo: 'no/body' }), /model: .*no model no\/body.*HF_TOKEN/);
    const closed = { url: 'http://127.0.0.1:65535', connectMs: 500, stallMs: 500, retryMs: [] };
    assert.match(await remedyOf(folder, { hub: closed }), /model: .*hub was not reached.*continues/);
  });
});
