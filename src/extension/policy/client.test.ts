import assert from 'node:assert/strict';
import { Parrot } from '../../../test/support/parrot.ts';
import type { Listening } from '../../http/listen.ts';
import { startPolicyServer } from '../../serve/policy-server.ts';
import { english } from '../../view/translate.ts';
import { PolicyClient } from './client.ts';
import { eventData } from '../../base/event-stream.ts';

describe('the client of a served policy', () => {
  let parrot: Parrot;
  let server: Listening;
  let client: PolicyClient;
  const never = new AbortController().signal;
  const messages = [{ role: 'user' as const, content: 'one two three' }];

  beforeEach(async () => {
    parrot = new Parrot();
    server = await startPolicyServer({ service: parrot, port: 0, token: 'key' });
    client = new PolicyClient({ url: server.url, key: 'key' }, english);
  });
  afterEach(() => server.close(50));

  it('tells an answer piece by piece, and how it ended', async () => {
    const pieces: string[] = [];
    const asking = { model: 'trained', prompt: { messages }, temperature: 0, seed: 5, maxTokens: 2 };
    const answered = await client.ask(asking, never, (text) => pieces.push(text));
    assert.deepEqual(pieces, ['one ', 'two ']);
    assert.deepEqual(answered, { tokens: 2, finishReason: 'length' });
    assert.equal(parrot.asked[0]?.model, 'trained');
  });

  it('lets an answer begin and end as its prompt says', async () => {
    const prompt = { messages, prefill: '```js\n', stop: ['```'] };
    await client.ask({ model: 'base', prompt, temperature: 0 }, never, () => undefined);
    assert.deepEqual(parrot.asked[0]?.request.prompt, { messages, prefill: '```js\n' });
    assert.deepEqual(parrot.asked[0].request.stop, ['```']);
  });

  it('lists what is served, counts tokens and fills gaps', async () => {
    assert.deepEqual(await client.models(), ['base', 'trained']);
    assert.deepEqual(await client.count('base', { messages }), { tokens: 3, context: 4096 });
    const gap = { prefix: 'a ', suffix: ' c', maxTokens: 9, stop: ['\n\n'] };
    assert.match(await client.fill('base', gap, never), /fim_middle/);
    assert.ok(parrot.asked[0]?.request.stop?.includes('\n\n'));
  });

  it('says what the server refuses in its words', async () => {
    const ask = (model: string) => client.ask({ model, prompt: { messages }, temperature: 0 }, never, () => undefined);
    await assert.rejects(ask('other'), { boundary: 'usage', message: /"other" is not served here/ });
    parrot.fillsInMiddle = false;
    const gap = { prefix: 'a', suffix: '', maxTokens: 9, stop: [] };
    await assert.rejects(client.fill('base', gap, never), { boundary: 'usage', message: /no tokens for filling/ });
    const stranger = new PolicyClient({ url: server.url, key: 'wrong' }, english);
    await assert.rejects(stranger.models(), { boundary: 'usage', message: /token is missing or wrong/ });
  });

  it('ends when it is cancelled, on both sides', async () => {
    parrot.gate = new Promise(() => undefined);
    const abort = new AbortController();
    const asked = client.ask({ model: 'base', prompt: { messages }, temperature: 0 }, abort.signal, () => undefined);
    while (parrot.asked.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    abort.abort();
    await assert.rejects(asked, { boundary: 'interrupted' });
    while (parrot.cancelled.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  it('says that the server has gone', async () => {
    await server.close(0);
    await assert.rejects(client.models(), { boundary: 'runtime', message: /connection to the model was lost/ });
  });
});

describe('the data of server-sent events', () => {
  async function read(...chunks: Uint8Array[]): Promise<string[]> {
    async function* body(): AsyncGenerator<Uint8Array> {
      yield* chunks;
    }
    const events: string[] = [];
    for await (const data of eventData(body())) {
      events.push(data);
    }
    return events;
  }
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it('are whole however the bytes are cut, within a character too', async () => {
    const whole = bytes('data: {"a":"é…"}\n\n: a comment\n\ndata: [DONE]\r\n\r\n');
    for (let cut = 0; cut <= whole.length; cut++) {
      assert.deepEqual(await read(whole.slice(0, cut), whole.slice(cut)), ['{"a":"é…"}', '[DONE]']);
    }
  });

  it('of one event are joined by lines, and a torn event is dropped', async () => {
    assert.deepEqual(await read(bytes('event: x\ndata: 1\ndata:2\n\ndata: torn')), ['1\n2']);
  });
});
