import assert from 'node:assert/strict';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';
import { catalogue } from './catalogue.ts';
import { writeGguf, type MetadataValue } from './formats/gguf-writer.ts';
import { assertExpected, baseModelName, chooseModel, verifyModel } from './installed.ts';

describe('the name of the base model of an adapter', () => {
  let cache = '';
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'selfq-installed-'));
  });
  afterEach(() => rm(cache, { recursive: true }));

  async function nameOf(name: string, metadata: Record<string, MetadataValue>): Promise<string> {
    const model = chooseModel(name, cache);
    await mkdir(dirname(model.path), { recursive: true });
    writeGguf(model.path, { metadata, tensors: [] });
    return baseModelName(model);
  }

  it('is in the catalogue, whoever keeps the GGUF file', async () => {
    const named = async (id: string): Promise<string> => baseModelName(chooseModel(id, cache));
    assert.equal(await named('qwen2.5-coder-0.5b'), 'Qwen/Qwen2.5-Coder-0.5B-Instruct');
    assert.equal(await named('smollm2-135m'), 'HuggingFaceTB/SmolLM2-135M-Instruct');
  });

  it('is what a GGUF file of the hub says that it was made of', async () => {
    const url = 'hub.example/original/model-1b';
    assert.equal(
      await nameOf('other/model-GGUF/m.gguf', { 'general.base_model.0.repo_url': url }),
      'original/model-1b',
    );
  });

  it('is the repository beside it when the file says nothing, and its own for safetensors', async () => {
    assert.equal(await nameOf('someone/model-GGUF/m.gguf', {}), 'someone/model');
    assert.equal(await baseModelName(chooseModel('someone/model', cache)), 'someone/model');
  });

  it('is the path of a file that is no hub’s', async () => {
    assert.equal(await baseModelName({ id: './mine.gguf', path: join(cache, 'mine.gguf') }), './mine.gguf');
  });
});

describe('a file under the name of a model of the catalogue', () => {
  let cache = '';
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'selfq-installed-'));
  });
  afterEach(() => rm(cache, { recursive: true }));

  for (const { id, fileName, bytes } of catalogue) {
    it(`is refused as ${id} where its content is another, in words that name file and checksum`, () => {
      const model = chooseModel(id, cache);
      assert.throws(
        () => assertExpected(model, '0'.repeat(64)),
        (error) =>
          error instanceof BoundaryError &&
          error.message.includes(fileName) &&
          error.message.includes(model.entry?.sha256 ?? 'nothing') &&
          error.remedy.includes(`selfq models pull ${id}`),
      );
      assertExpected(model, model.entry?.sha256 ?? '');
    });

    it(`is wrong as ${id} where its size is another`, async () => {
      const model = chooseModel(id, cache);
      await mkdir(dirname(model.path), { recursive: true });
      const file = await open(model.path, 'w');
      await file.truncate((bytes ?? 0) - 1);
      await file.close();
      const { state, problem } = await verifyModel(model);
      assert.equal(state, 'wrong');
      assert.match(problem ?? '', new RegExp(`instead of ${bytes}`));
    });
  }

  it('is read through to see that it is wrong although its size is right', async () => {
    const [entry] = catalogue;
    assert.ok(entry);
    const path = join(cache, entry.fileName);
    await writeFile(path, 'abc');
    const { state, problem } = await verifyModel({ id: entry.id, path, entry: { ...entry, bytes: 3 } });
    assert.equal(state, 'wrong');
    assert.match(problem ?? '', new RegExp(`instead of ${entry.sha256}`));
  });
});
