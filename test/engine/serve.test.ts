import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import OpenAI from 'openai';
import { entryPath } from '../../src/base/entries.ts';
import { uniform } from '../../src/base/random.ts';
import { openModel } from '../../src/model/open.ts';
import { createAdapter } from '../../src/runtime/decoder/adapter.ts';
import { writeCheckpoint } from '../../src/runtime/training/checkpoint.ts';
import { createOptimizerState } from '../../src/runtime/training/optimizer.ts';
import { formOf, openAiCalls } from '../support/openai-calls.ts';
import { createWorkplace, environment, selfq, type Workplace } from '../support/whole-program.ts';

/** The command line with a tiny model, asked by the official client. */
describe('selfq serve with a model', function () {
  this.timeout(180_000);
  let place: Workplace;
  let adapter: string;
  const running: ReturnType<typeof selfq>[] = [];

  before(async () => {
    place = await createWorkplace();
    adapter = join(place.dir, 'my-adapter');
    mkdirSync(adapter);
    const { config, close } = await openModel(place.model);
    let drawn = 0;
    const pairs = createAdapter(config, 4, 8, () => uniform(3, drawn++));
    pairs.pairs.forEach(({ b }, pair) => b.forEach((_, i) => (b[i] = uniform(4, pair, i) - 0.5)));
    await writeCheckpoint(adapter, { adapter: pairs, optimizer: createOptimizerState(pairs) }, 'tiny');
    await close();
  });
  afterEach(async () => {
    for (const process of running.splice(0)) {
      process.kill('SIGINT');
      assert.equal((await process.finished).code, 0);
    }
  });
  after(() => place.remove());

  async function serve(...more: string[]): Promise<string> {
    const args = ['serve', '--model', place.model, '--adapter', adapter, '--context', '256', '--json', ...more];
    const process = selfq(place, args);
    running.push(process);
    return (JSON.parse(await process.firstLine()) as { url: string }).url;
  }

  const greedy = { messages: [{ role: 'user' as const, content: 'hello' }], temperature: 0, max_completion_tokens: 20 };

  it('answers with the base and with the adapter, streamed and whole alike, to many at once', async () => {
    const client = new OpenAI({ baseURL: `${await serve()}/v1`, apiKey: 'none', maxRetries: 0 });
    const ids = (await client.models.list()).data.map(({ id }) => id);
    assert.deepEqual(ids, [place.model, 'my-adapter']);
    const whole = async (model: string): Promise<string> =>
      (await client.chat.completions.create({ ...greedy, model })).choices[0]?.message.content ?? '';
    const [base, trained] = [await whole(place.model), await whole('my-adapter')];
    assert.notEqual(base, trained);
    let streamed = '';
    for await (const chunk of await client.chat.completions.create({ ...greedy, model: 'my-adapter', stream: true })) {
      streamed += chunk.choices[0]?.delta.content ?? '';
    }
    assert.equal(streamed, trained);
    const together = await Promise.all(Array.from({ length: 24 }, (_, i) => whole(i % 2 ? place.model : 'my-adapter')));
    assert.deepEqual(new Set(together), new Set([base, trained]));
    const long = await client.chat.completions.create({ ...greedy, model: place.model, max_completion_tokens: 1e9 });
    assert.ok((long.usage?.total_tokens ?? 0) <= 256);
    const tooLong = { ...greedy, model: place.model, messages: [{ role: 'user' as const, content: 'x'.repeat(900) }] };
    await assert.rejects(client.chat.completions.create(tooLong), { status: 400, message: /does not fit/ });
  });

  it('replies to the official client in the form of llama.cpp, whose own additions are all that it lacks', async () => {
    const file = join(import.meta.dirname, 'llama-server-replies.json');
    const { forms } = JSON.parse(readFileSync(file, 'utf8')) as { forms: Record<string, string[]> };
    // What may be null there is a text here; the code of an error is a number there, and a text at OpenAI and here.
    const additions =
      / null$|error\.code|(^|\.)(timings|system_fingerprint|prompt_tokens_details|meta|architecture|aliases|tags)\b|top_logprobs|logprobs\..*\.id /;
    const replies = await openAiCalls(await serve(), place.model);
    assert.deepEqual(Object.keys(replies), Object.keys(forms));
    for (const [name, value] of Object.entries(replies)) {
      const own = new Set(formOf(value));
      const lacking = forms[name]?.filter((line) => !own.has(line) && !additions.test(line));
      assert.deepEqual([name, lacking], [name, []]);
    }
  });

  it('takes its key from the program that owns it, and ends with it', async () => {
    const args = ['serve', '--model', place.model, '--context', '256', '--json', '--owned'];
    const child = spawn(process.execPath, [entryPath('cli'), ...args], {
      ...{ cwd: place.dir, env: environment(place), stdio: ['pipe', 'pipe', 'inherit'] },
    });
    const exit = once(child, 'exit');
    child.stdin.write('my secret\n');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const { url } = JSON.parse(line.toString()) as { url: string };
    const status = async (key: string): Promise<number> =>
      (await fetch(`${url}/v1/models`, { headers: { Authorization: `Bearer ${key}` } })).status;
    assert.deepEqual([await status('my secret'), await status('')], [200, 401]);
    child.stdin.end();
    assert.deepEqual(await exit, [0, null]);
  });

  it('gives its memory back when nobody asks, and answers again', async () => {
    const client = new OpenAI({ baseURL: `${await serve('--idle-minutes', '0.001')}/v1`, apiKey: 'none' });
    const ask = async () => (await client.chat.completions.create({ ...greedy, model: place.model })).choices[0];
    const first = await ask();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.deepEqual((await ask())?.message, first?.message);
  });

  it('says what is wrong before it serves', async () => {
    for (const [args, words] of [
      [
        ['--model', place.model, '--adapter', join(place.dir, 'nothing')],
        /nothing is not the folder of an adapter|missing/,
      ],
      [['--model', place.model, '--adapter', adapter, '--adapter', adapter], /Two adapters have the name/],
      [['--model', place.model, '--context', '1000000'], /The model has a context of \d+ tokens/],
      [['--slots', '4'], /--slots is about a model/],
      [['--owned'], /--owned is about a model/],
      [['--model', place.model, '--owned'], /no secret on standard input/],
    ] as const) {
      const { code, stderr } = await selfq(place, ['serve', ...args]).finished;
      assert.notEqual(code, 0);
      assert.match(stderr, words);
    }
  });
});
