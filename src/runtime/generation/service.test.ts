import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../../test/support/runtime-settings.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { uniform } from '../../base/random.ts';
import type { ModelFile } from '../../model/model.ts';
import { openModel } from '../../model/open.ts';
import type { Completion, DrawnToken, GenerateRequest, Progress } from '../../protocol/runtime.ts';
import { createAdapter } from '../decoder/adapter.ts';
import { createGenerator, type Generator } from './generation.ts';

describe('completions for callers that come and go', () => {
  let folder: string;
  let model: ModelFile;
  let generator: Generator;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'service-'));
    await writeTinyModel(join(folder, 'model'), { embeddingScale: 0.15 });
    model = await openModel(join(folder, 'model'));
  });
  beforeEach(async () => {
    generator = await createGenerator(model, { ...exactRuntime, cacheDir: folder, slots: 3, contextTokens: 256 });
    for (const seed of [1, 2]) {
      let drawn = 0;
      const adapter = createAdapter(model.config, 4, 8, () => uniform(seed, drawn++));
      adapter.pairs.forEach(({ b }, pair) => b.forEach((_, i) => (b[i] = uniform(seed, pair, i) - 0.5)));
      generator.addAdapter(`adapter ${seed}`, adapter);
    }
  });
  afterEach(() => generator.close());
  after(async () => {
    await model.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (text: string, overrides: Partial<GenerateRequest> = {}): GenerateRequest => ({
    ...{ prompt: { text }, samples: 1, maxTokens: 24, temperature: 0, seed: 5 },
    ...overrides,
  });
  const ignore = { onProgress: () => undefined };

  async function complete(request: GenerateRequest, adapter?: string): Promise<Completion> {
    const [[completion] = []] = await generator.complete([request], { adapter, ...ignore });
    assert.ok(completion);
    return completion;
  }

  it('says to each what it would say alone, more callers than slots, each adapter for itself', async () => {
    const calls = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map((text, index) => ({
      request: ask(text, { maxTokens: 5 + 4 * index, samples: 1 + (index % 2) }),
      adapter: [undefined, 'adapter 1', 'adapter 2'][index % 3],
    }));
    const alone: string[] = [];
    for (const { request, adapter } of calls) {
      alone.push((await complete(request, adapter)).text);
    }
    const together = await Promise.all(calls.map(({ request, adapter }) => complete(request, adapter)));
    assert.deepEqual(
      together.map(({ text }) => text),
      alone,
    );
    assert.notEqual((await complete(ask('one'), 'adapter 1')).text, (await complete(ask('one'))).text);
  });

  it('tells the text as it settles: never what a stop text may take back', async () => {
    const whole = await complete(ask('tell me', { maxTokens: 60, temperature: 1 }));
    const stop = whole.text.slice(20, 24);
    const pieces: string[] = [];
    const tokens: DrawnToken[] = [];
    const onProgress = (progress: Progress): void => {
      if (progress.stage === 'text') {
        pieces.push(progress.text);
        tokens.push(...progress.tokens);
      }
    };
    const request = ask('tell me', { maxTokens: 60, temperature: 1, stop: [stop] });
    const [[completion] = []] = await generator.complete([request], { onProgress });
    assert.ok(completion);
    assert.equal(completion.text, whole.text.slice(0, whole.text.indexOf(stop)));
    assert.equal(pieces.join(''), completion.text);
    assert.ok(pieces.filter((piece) => piece !== '').length > 5, 'piece by piece');
    assert.deepEqual(
      tokens.map(({ id, logprob }) => [id, logprob]),
      completion.tokenIds.map((id, index) => [id, completion.logprobs[index]]),
    );
  });

  it('lets one call go without harm to the others, while it decodes and while it waits', async () => {
    const expected = (await complete(ask('patient', { maxTokens: 40 }))).text;
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    const leaving = controllers.map(({ signal }, index) =>
      generator.complete([ask(`leaving ${index}`, { maxTokens: 200, temperature: 1 })], {
        signal,
        onProgress: () => controllers.forEach((controller) => controller.abort()),
      }),
    );
    const [staying] = await Promise.all([
      complete(ask('patient', { maxTokens: 40 })),
      ...leaving.map((call) => assert.rejects(call, { boundary: 'interrupted' })),
    ]);
    assert.equal(staying.text, expected);
    assert.equal((await complete(ask('patient', { maxTokens: 40 }))).text, expected);
  });

  it('refuses an adapter that nobody added and a prompt that has no room, and goes on', async () => {
    await assert.rejects(complete(ask('x'), 'adapter 9'), { boundary: 'usage' });
    await assert.rejects(complete(ask('word '.repeat(300))), { boundary: 'usage' });
    assert.notEqual((await complete(ask('x'))).text, '');
  });

  it('shares its cache with calls that run alone', async () => {
    const request = ask('a prompt of some length', { temperature: 1 });
    const [[before] = []] = await generator.generate([request], { adapter: false });
    await complete(ask('something else of some length'));
    const [[after] = []] = await generator.generate([request], { adapter: false });
    assert.deepEqual(after, before);
    assert.deepEqual((await complete(request)).tokenIds, before?.tokenIds);
  });
});
