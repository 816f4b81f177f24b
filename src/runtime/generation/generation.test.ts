import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exactRuntime } from '../../../test/support/runtime-settings.ts';
import { openModel } from '../../model/open.ts';
import type { ModelFile } from '../../model/model.ts';
import type { Completion, GenerateRequest, Progress } from '../../protocol/runtime.ts';
import { uniform } from '../../base/random.ts';
import { writeTinyModel } from '../../../test/support/tiny-model.ts';
import { createAdapter, type Adapter } from '../decoder/adapter.ts';
import { createGenerator, type Generator, type GeneratorOptions } from './generation.ts';

describe('a generator on a tiny model', () => {
  let folder: string;
  let model: ModelFile;
  const opened: Generator[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'generation-'));
    await writeTinyModel(join(folder, 'model'), { embeddingScale: 0.15 });
    model = await openModel(join(folder, 'model'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((generator) => generator.close()));
  });
  after(async () => {
    await model.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function open(options: Partial<GeneratorOptions> = {}): Promise<Generator> {
    const whole = { ...exactRuntime, cacheDir: folder, slots: 4, contextTokens: 256, ...options };
    const generator = await createGenerator(model, whole);
    opened.push(generator);
    return generator;
  }

  const ask = (text: string, overrides: Partial<GenerateRequest> = {}): GenerateRequest => ({
    prompt: { text },
    samples: 1,
    maxTokens: 24,
    temperature: 1,
    seed: 5,
    ...overrides,
  });

  /** Same tokens, and logprobs equal but for the rounding of other kernels. */
  function assertSame(actual: Completion | undefined, expected: Completion | undefined): void {
    assert.ok(actual && expected);
    assert.deepEqual(actual.tokenIds, expected.tokenIds);
    assert.equal(actual.text, expected.text);
    for (const [i, logprob] of expected.logprobs.entries()) {
      assert.ok(Math.abs(actual.logprobs[i]! - logprob) < 1e-4, `${i}: ${actual.logprobs[i]} against ${logprob}`);
    }
  }

  const mixed = [
    ask('one', { maxTokens: 3 }),
    ask('a longer prompt with many more tokens', { samples: 3, seed: 8 }),
    ask('x', { maxTokens: 40, temperature: 0.7 }),
    ask('another', { samples: 2, maxTokens: 7, temperature: 1.5 }),
    ask('a longer prompt with another end', { temperature: 0 }),
  ];

  it('gives each row what it gets alone, with slots that are refilled in between', async () => {
    const together = await (await open({ slots: 3 })).generate(mixed, { adapter: false });
    const single = await open({ slots: 1 });
    for (const [i, request] of mixed.entries()) {
      for (let sample = 0; sample < request.samples; sample++) {
        const alone = await single.generate([{ ...request, samples: sample + 1 }], { adapter: false });
        assertSame(together[i]![sample], alone[0]![sample]);
      }
    }
  });

  it('drafts the next tokens of a row that decodes alone, which draws the same ones in fewer runs', async () => {
    const request = ask('ab', { maxTokens: 100, temperature: 0.05 });
    let runs = 0;
    const onProgress = ({ stage }: Progress) => {
      runs += Number(stage === 'generate');
    };
    const [[alone]] = (await (await open()).generate([request], { adapter: false, onProgress })) as [[Completion]];
    const beside = await (await open()).generate([{ ...request, samples: 2 }], { adapter: false });
    assertSame(beside[0]![0], alone);
    assert.ok(runs < 0.8 * alone.tokenIds.length, `${runs} runs for ${alone.tokenIds.length} tokens`);
  });

  it('repeats a call bit for bit, also after other calls', async () => {
    const generator = await open();
    const first = await generator.generate(mixed, { adapter: false });
    await generator.generate([ask('something else entirely', { samples: 5 })], { adapter: false });
    assert.deepEqual(await generator.generate(mixed, { adapter: false }), first);
  });

  it('gives other samples for another seed and for another sample', async () => {
    const generator = await open();
    const [a, b] = await generator.generate([ask('p', { samples: 2 }), ask('p', { seed: 6 })], { adapter: false });
    const texts = [a![0], a![1], b![0]].map((completion) => completion!.tokenIds.join());
    assert.equal(new Set(texts).size, 3);
  });

  it('computes a prompt of several chunks like one that fits into a single one', async () => {
    const long = 'abcdefghij'.repeat(70);
    const generator = await open({ contextTokens: 1000, slots: 2 });
    const request = ask(long, { maxTokens: 5 });
    const [[whole]] = (await generator.generate([request], { adapter: false })) as [[Completion]];
    // The other way: the prefix is in the cache from another prompt, in one chunk, and the rest follows.
    const both = await generator.generate([ask(long.slice(0, 300), { maxTokens: 1 }), request], { adapter: false });
    assertSame(both[1]![0], whole);
    assert.equal(whole.promptTokenIds.length, 700);
  });

  it('ends at an end token, which belongs to the tokens and not to the text', async () => {
    const generator = await open();
    const results = await generator.generate([ask('e', { samples: 30, maxTokens: 200, temperature: 1.2 })], {
      adapter: false,
    });
    const stopped = results[0]!.filter((completion) => completion.finishReason === 'stop');
    assert.ok(stopped.length > 0, 'no sample met an end token');
    for (const { tokenIds, text } of stopped) {
      assert.ok(model.tokenizer.endIds.includes(tokenIds.at(-1)!));
      assert.equal(text, model.tokenizer.decode(tokenIds.slice(0, -1)));
      assert.ok(!tokenIds.slice(0, -1).some((id) => model.tokenizer.endIds.includes(id)));
    }
  });

  it('ends when a stop text appears, even across tokens, and cuts the text before it', async () => {
    const generator = await open();
    const [[free]] = (await generator.generate([ask('s')], { adapter: false })) as [[Completion]];
    const stop = model.tokenizer.decode(free.tokenIds.slice(8, 11));
    const at = free.text.indexOf(stop);
    const [[cut]] = (await generator.generate([ask('s', { stop: ['never there', stop] })], { adapter: false })) as [
      [Completion],
    ];
    assert.equal(cut.text, free.text.slice(0, at));
    assert.equal(cut.finishReason, 'stop');
    assert.deepEqual(cut.tokenIds, free.tokenIds.slice(0, cut.tokenIds.length));
    assert.ok(cut.tokenIds.length <= 11);
  });

  it('ends at the stop texts of a prompt as at those of its request', async () => {
    const generator = await open();
    const messages = [{ role: 'user' as const, content: 's' }];
    const complete = async (stop?: string[]): Promise<Completion> => {
      const prompt = { messages, ...(stop === undefined ? {} : { stop }) };
      const [[completion]] = (await generator.generate([ask('', { prompt, stop: ['never there'] })], {
        adapter: false,
      })) as [[Completion]];
      return completion;
    };
    const free = await complete();
    const stop = model.tokenizer.decode(free.tokenIds.slice(8, 11));
    assert.equal((await complete([stop])).text, free.text.slice(0, free.text.indexOf(stop)));
  });

  it('takes the most probable token at temperature 0 and reports its logprob at temperature 1', async () => {
    const generator = await open();
    const [[greedy], [cold], [only]] = (await generator.generate(
      [ask('g', { temperature: 0 }), ask('g', { temperature: 1e-4 }), ask('g', { topK: 1, seed: 99 })],
      { adapter: false },
    )) as [[Completion], [Completion], [Completion]];
    assertSame(cold, only);
    // Greedy decoding runs on the exact weights, the others on rounded ones.
    assert.deepEqual(greedy.tokenIds, cold.tokenIds);
    greedy.logprobs.forEach((logprob, i) => assert.ok(Math.abs(logprob - cold.logprobs[i]!) < 0.2));
  });

  it('cuts the completion where the context ends, and refuses a prompt that fills it', async () => {
    const generator = await open({ contextTokens: 32 });
    const [[completion]] = (await generator.generate([ask('0123456789', { maxTokens: 500, stop: [] })], {
      adapter: false,
    })) as [[Completion]];
    assert.ok(completion.tokenIds.length <= 22);
    await assert.rejects(generator.generate([ask('x'.repeat(32))], { adapter: false }), /does not fit/);
    await assert.rejects(generator.generate([ask('')], { adapter: false }), /empty/);
    await assert.rejects(generator.generate([ask('a', { topP: 0 })], { adapter: false }), /topP/);
  });

  it('loads the sampling weights only when it samples, and the exact ones only for greedy requests', async () => {
    const cacheDir = await mkdtemp(join(folder, 'lazy-'));
    const formats = async () =>
      (await readdir(join(cacheDir, 'prepared'))).map((name) => name.split('-').slice(1).join('-'));
    const generator = await open({ cacheDir, samplerPrecision: 'balanced' });
    const loads: string[] = [];
    const onProgress = (progress: Progress) => progress.stage === 'load' && loads.push(progress.what);
    await generator.generate([ask('a', { temperature: 0 })], { adapter: false, onProgress });
    assert.deepEqual(await formats(), ['fp32']);
    assert.ok(loads.includes('done'), 'preparing the weights was not reported');
    await generator.generate([ask('a')], { adapter: false });
    assert.deepEqual((await formats()).sort(), ['fp32', 'int8-rotated', 'nb32']);
  });

  it('evaluates in the precision of evaluations, greedy or sampled, and in no other', async () => {
    const cacheDir = await mkdtemp(join(folder, 'evaluation-'));
    const prepared = async () => (await readdir(join(cacheDir, 'prepared'))).map((name) => name.split('-')[1]);
    const generator = await open({ cacheDir, samplerPrecision: 'strict', evalPrecision: 'strict' });
    const requests = [ask('a', { temperature: 0 }), ask('b')];
    const rounded = await generator.generate(requests, { adapter: false, evaluation: true });
    assert.deepEqual(await prepared(), ['nb32']);
    const mixed = await generator.generate(requests, { adapter: false });
    assert.deepEqual((await prepared()).sort(), ['fp32', 'nb32']);
    // The sampled one is the same; of the greedy one at least the logprobs tell that its weights were others.
    assertSame(mixed[1]?.[0], rounded[1]?.[0]);
    assert.notDeepEqual(mixed[0]?.[0]?.logprobs, rounded[0]?.[0]?.logprobs);
    const exact = await open({ samplerPrecision: 'strict', evalPrecision: 'exact' });
    const same = await exact.generate([ask('a', { temperature: 0 })], { adapter: false, evaluation: true });
    assertSame(same[0]?.[0], mixed[0]?.[0]);
  });

  it('names a token that has no row in the embedding', async () => {
    const path = join(folder, 'stray');
    await writeTinyModel(path);
    const file = join(path, 'tokenizer.json');
    const definition = JSON.parse(await readFile(file, 'utf8')) as { added_tokens: object[] };
    definition.added_tokens.push({ id: 500, content: '<|pad|>', special: true });
    await writeFile(file, JSON.stringify(definition));
    const stray = await openModel(path);
    const generator = await createGenerator(stray, { ...exactRuntime, cacheDir: folder, contextTokens: 64 });
    opened.push(generator);
    await assert.rejects(generator.generate([ask('a <|pad|> b')], { adapter: false }), {
      boundary: 'model',
      message: /"<\|pad\|>" \(token 500\), for which the model has no row: its embedding has 384 rows/,
    });
    await stray.close();
  });

  it('uses the adapter when asked to, as the adapter is at that time', async () => {
    const generator = await open();
    const untouched = await generator.generate(mixed, { adapter: false });
    const adapter = createAdapter(model.config, 4, 8, counter(1));
    generator.setAdapter(adapter);
    const fresh = await generator.generate(mixed, { adapter: true });
    assert.deepEqual(tokens(fresh), tokens(untouched), 'B is zero: nothing may change');
    perturb(adapter);
    generator.setAdapter(adapter);
    assert.notDeepEqual(tokens(await generator.generate(mixed, { adapter: true })), tokens(untouched));
    assert.deepEqual(await generator.generate(mixed, { adapter: false }), untouched);
  });

  it('reports completions as they finish and the count of tokens', async () => {
    const generator = await open();
    const finished: string[] = [];
    let last: { tokens: number; finished: number; total: number } | undefined;
    const results = await generator.generate(mixed, {
      adapter: false,
      onProgress: (progress) => {
        if (progress.stage === 'completion') {
          finished.push(`${progress.request}.${progress.sample} ${progress.text}`);
        } else if (progress.stage === 'generate') {
          last = progress;
        }
      },
    });
    const expected = results.flatMap((group, i) => group.map(({ text }, j) => `${i}.${j} ${text}`));
    assert.deepEqual(finished.sort(), expected.sort());
    assert.deepEqual(last, {
      stage: 'generate',
      tokens: results.flat().reduce((sum, { tokenIds }) => sum + tokenIds.length, 0),
      finished: 8,
      total: 8,
    });
  });

  it('stops between tokens when the signal fires', async () => {
    const generator = await open();
    const abort = new AbortController();
    let steps = 0;
    const running = generator.generate([ask('c', { maxTokens: 200, stop: [] })], {
      adapter: false,
      signal: abort.signal,
      onProgress: () => {
        if (++steps === 3) {
          abort.abort();
        }
      },
    });
    await assert.rejects(running, { boundary: 'interrupted' });
    assert.equal(steps, 3);
    assert.equal((await generator.generate([ask('c')], { adapter: false })).length, 1);
  });
});

function tokens(results: readonly (readonly Completion[])[]): number[][] {
  return results.flat().map(({ tokenIds }) => tokenIds);
}

function counter(seed: number): () => number {
  let i = 0;
  return () => uniform(seed, i++);
}

function perturb(adapter: Adapter): void {
  for (const [p, pair] of adapter.pairs.entries()) {
    for (let i = 0; i < pair.b.length; i++) {
      pair.b[i] = (uniform(p, i) - 0.5) * 0.3;
    }
  }
}
