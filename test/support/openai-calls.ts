import OpenAI from 'openai';

/**
 * Calls of the official client, each with what came back as plain JSON.
 */
export async function openAiCalls(url: string, model: string): Promise<Record<string, unknown>> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'Say one word.' }];
  const chat = { model, messages, temperature: 0, max_tokens: 8 };
  // Deprecated at OpenAI; servers of this kind draw by it.
  const seed: object = { seed: 7 };
  const text = { model, prompt: 'one two', temperature: 0, max_tokens: 8 };
  return {
    models: (await client.models.list()).data,
    chat: await client.chat.completions.create(chat),
    'chat with seed, top_p and stop': await client.chat.completions.create({
      ...{ ...chat, temperature: 0.7, top_p: 0.9, stop: ['zzz'], ...seed },
    }),
    'chat of two': await client.chat.completions.create({ ...chat, temperature: 1, n: 2 }),
    'chat with logprobs': await client.chat.completions.create({ ...chat, logprobs: true }),
    'chat streamed': await all(await client.chat.completions.create({ ...chat, stream: true })),
    'chat streamed with usage': await all(
      await client.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } }),
    ),
    'chat streamed with logprobs': await all(
      await client.chat.completions.create({ ...chat, stream: true, logprobs: true }),
    ),
    completion: await client.completions.create(text),
    'completion of two prompts': await client.completions.create({ ...text, prompt: ['one two', 'three'] }),
    'completion streamed with usage': await all(
      await client.completions.create({ ...text, stream: true, stream_options: { include_usage: true } }),
    ),
    'error: no messages': await reply(`${url}/v1/chat/completions`, { model }),
    health: await (await fetch(`${url}/health`)).json(),
  };
}

/**
 * What of a reply is its form and not its content: `choices[].index number` for each field, sorted. Lists are one entry, so
 * that how long they are does not count.
 */
export function formOf(value: unknown): string[] {
  const lines = new Set<string>();
  const note = (path: string, inner: unknown): void => {
    if (Array.isArray(inner)) {
      inner.forEach((entry) => note(`${path}[]`, entry));
    } else if (inner !== null && typeof inner === 'object') {
      Object.entries(inner).forEach(([field, of]) => note(path === '' ? field : `${path}.${field}`, of));
    } else {
      lines.add(`${path} ${inner === null ? 'null' : typeof inner}`);
    }
  };
  note('', value);
  return [...lines].sort();
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const chunks: T[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return chunks;
}

async function reply(url: string, body: object): Promise<unknown> {
  const response = await fetch(url, {
    ...{ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
  });
  return { status: response.status, body: await response.json() };
}
