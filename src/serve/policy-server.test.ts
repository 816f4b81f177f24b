import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { Parrot } from '../../test/support/parrot.ts';
import type { Listening } from '../http/listen.ts';
import { startPolicyServer } from './policy-server.ts';

describe('the policy over HTTP', () => {
  let parrot: Parrot;
  let server: Listening;
  let client: OpenAI;

  beforeEach(async () => {
    parrot = new Parrot();
    server = await startPolicyServer({ service: parrot, port: 0, token: 'secret', maxInFlight: 4 });
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'secret', maxRetries: 0 });
  });
  afterEach(() => server.close(100));

  const messages = [{ role: 'user' as const, content: 'one two three' }];

  async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: 'Bearer secret', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  }

  it('lists its models to the official client', async () => {
    const { data } = await client.models.list();
    assert.deepEqual(
      data.map(({ id, object }) => [id, object]),
      [
        ['base', 'model'],
        ['trained', 'model'],
      ],
    );
    assert.equal((await client.models.retrieve('trained')).created, 1_700_000_001);
    await assert.rejects(client.models.retrieve('other'), { status: 404 });
  });

  it('answers a chat, with every option that it computes passed on', async () => {
    const sampling = { n: 2, seed: 7, temperature: 0.3, top_p: 0.9, stop: 'END' };
    const answer = await client.chat.completions.create({
      ...{ model: 'trained', messages, max_completion_tokens: 2, logprobs: true },
      ...sampling,
    });
    assert.deepEqual(parrot.asked, [
      {
        model: 'trained',
        request: {
          prompt: { messages },
          ...{ samples: 2, maxTokens: 2, temperature: 0.3, seed: 7, stop: ['END'], topP: 0.9 },
        },
      },
    ]);
    assert.equal(answer.object, 'chat.completion');
    assert.deepEqual(
      answer.choices.map(({ index, message, finish_reason }) => [index, message.content, finish_reason]),
      [
        [0, 'one two ', 'length'],
        [1, 'one two ', 'length'],
      ],
    );
    assert.deepEqual(
      answer.choices[0]?.logprobs?.content?.map(({ token, logprob }) => [token, logprob]),
      [
        ['one ', -0.5],
        ['two ', -0.5],
      ],
    );
    assert.equal(answer.usage?.completion_tokens, 4);
  });

  it('streams a chat as its text settles', async () => {
    const stream = await client.chat.completions.create({
      ...{ model: 'base', messages, stream: true, stream_options: { include_usage: true } },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk);
    }
    assert.equal(chunks[0]?.choices[0]?.delta.role, 'assistant');
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), 'one two three');
    assert.equal(chunks.at(-2)?.choices[0]?.finish_reason, 'stop');
    assert.equal(chunks.at(-1)?.usage?.prompt_tokens, 3);
    assert.equal(new Set(chunks.map(({ id }) => id)).size, 1);
  });

  it('continues an answer that the request begins, and refuses one that cannot be', async () => {
    const begun = [...messages, { role: 'assistant' as const, content: 'four' }];
    const continued = { add_generation_prompt: false, continue_final_message: true };
    assert.equal((await post('/v1/chat/completions', { messages: begun, ...continued })).status, 200);
    assert.deepEqual(parrot.asked[0]?.request.prompt, { messages, prefill: 'four' });
    const refused = [
      { messages, ...continued },
      { messages: begun, continue_final_message: true },
      { messages: begun, add_generation_prompt: false },
    ];
    for (const body of refused) {
      assert.equal((await post('/v1/chat/completions', body)).status, 400);
    }
  });

  it('counts the tokens of a conversation and of a text', async () => {
    const count = async (body: object) => JSON.parse((await post('/tokenize', body)).text) as object;
    assert.deepEqual(await count({ model: 'base', messages }), { count: 3, max_model_len: 4096 });
    assert.deepEqual(await count({ prompt: 'a b' }), { count: 2, max_model_len: 4096 });
    assert.equal((await post('/tokenize', { messages, prompt: 'a' })).status, 400);
    assert.equal((await post('/tokenize', { model: 'other', prompt: 'a' })).status, 404);
  });

  it('completes several texts, whole and as a stream, and fills gaps', async () => {
    const whole = await client.completions.create({ model: 'base', prompt: ['a b', 'c'], n: 2, logprobs: 0 });
    assert.deepEqual(
      whole.choices.map(({ index, text }) => [index, text]),
      [
        [0, 'a b'],
        [1, 'a b'],
        [2, 'c'],
        [3, 'c'],
      ],
    );
    assert.deepEqual(whole.choices[0]?.logprobs?.text_offset, [0, 2]);
    let streamed = '';
    for await (const chunk of await client.completions.create({ model: 'base', prompt: 'x y z', stream: true })) {
      streamed += chunk.choices[0]?.text ?? '';
    }
    assert.equal(streamed, 'x y z');
    await client.completions.create({ model: 'base', prompt: 'before', suffix: 'after' });
    assert.deepEqual(parrot.asked.at(-1)?.request.prompt, {
      text: '<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>',
    });
  });

  it('fills gaps as llama.cpp does', async () => {
    const { status, text } = await post('/infill', {
      ...{ input_prefix: 'a ', input_suffix: ' z', prompt: 'b', n_predict: 30, cache_prompt: true },
      input_extra: [{ filename: 'other.js', text: 'code' }],
      samplers: ['top_k', 'top_p', 'infill'],
    });
    assert.equal(status, 200, text);
    const answer = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual([answer['stop'], answer['stop_type'], typeof answer['content']], [true, 'eos', 'string']);
    const { prompt, stop } = parrot.asked[0]?.request ?? {};
    assert.deepEqual(prompt, {
      text: '<|repo_name|>project\n<|file_sep|>other.js\ncode\n<|file_sep|>file\n<|fim_prefix|>a <|fim_suffix|> z<|fim_middle|>b',
    });
    assert.ok(stop?.includes('<|file_sep|>'));
    parrot.fillsInMiddle = false;
    const refused = await post('/infill', { input_prefix: 'a', input_suffix: 'b' });
    assert.equal(refused.status, 501);
  });

  it('refuses by name what it does not compute, and takes what changes nothing', async () => {
    const refused = {
      tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
      response_format: { type: 'json_object' },
      frequency_penalty: 0.5,
      logit_bias: { 5: 1 },
      min_p: 0.1,
      top_logprobs: 3,
    };
    for (const [name, value] of Object.entries(refused)) {
      const { status, text } = await post('/v1/chat/completions', { messages, [name]: value });
      assert.equal(status, 400, name);
      assert.match(text, new RegExp(`option ${name} `));
    }
    const harmless = { tools: [], frequency_penalty: 0, user: 'me', response_format: { type: 'text' }, logit_bias: {} };
    assert.equal((await post('/v1/chat/completions', { messages, ...harmless })).status, 200);
    const image = [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }];
    assert.equal((await post('/v1/chat/completions', { messages: image })).status, 400);
  });

  it('refuses unknown models, broken bodies, wrong keys and pages of other sites', async () => {
    await assert.rejects(client.chat.completions.create({ model: 'gpt-9', messages }), { status: 404 });
    assert.equal((await post('/v1/chat/completions', '{"messages":')).status, 400);
    assert.equal((await post('/v1/chat/completions', { messages: [] })).status, 400);
    assert.equal((await post('/v1/chat/completions', { messages }, { Authorization: 'Bearer x' })).status, 401);
    assert.equal((await post('/v1/chat/completions', { messages }, { Origin: 'http://evil.example' })).status, 403);
  });

  it('ends a completion whose client has gone, whole or streamed', async () => {
    let open = (): void => undefined;
    parrot.gate = new Promise((resolve) => (open = resolve));
    const leave = new AbortController();
    const calls = [
      client.chat.completions.create({ model: 'base', messages }, { signal: leave.signal }),
      client.chat.completions.create({ model: 'trained', messages, stream: true }, { signal: leave.signal }),
    ];
    while (parrot.asked.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    leave.abort();
    await Promise.allSettled(calls);
    while (parrot.cancelled.length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    open();
    assert.deepEqual(parrot.cancelled.toSorted(), ['base', 'trained']);
  });

  it('answers 429 when too many wait, and serves again afterwards', async () => {
    let open = (): void => undefined;
    parrot.gate = new Promise((resolve) => (open = resolve));
    const waiting = Array.from({ length: 4 }, () => post('/v1/chat/completions', { messages }));
    while (parrot.asked.length < 4) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal((await post('/v1/chat/completions', { messages })).status, 429);
    open();
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.equal((await post('/v1/chat/completions', { messages })).status, 200);
  });
});
