import type { Completion, DrawnToken, GenerateRequest } from '../../src/protocol/runtime.ts';
import type { CompletionHooks, PolicyService } from '../../src/serve/service.ts';

/** Says what it was asked, word by word. */
export class Parrot implements PolicyService {
  readonly models = [
    { id: 'base', created: 1_700_000_000, description: 'the base model' },
    { id: 'trained', created: 1_700_000_001, description: 'after 3 steps of self-play' },
  ];
  fillsInMiddle = true;
  readonly contextTokens = 4096;
  readonly asked: { model: string; request: GenerateRequest }[] = [];
  readonly cancelled: string[] = [];
  /** Promises that answers wait for. */
  gate: Promise<void> = Promise.resolve();

  async complete(model: string, request: GenerateRequest, { onText, signal }: CompletionHooks): Promise<Completion[]> {
    this.asked.push({ model, request });
    signal.addEventListener('abort', () => this.cancelled.push(model));
    const { prompt, samples, maxTokens } = request;
    const words = wordsOf(prompt);
    const drawn = words.slice(0, maxTokens).map((text, id): DrawnToken => ({ id, text, logprob: -0.5 }));
    const promptTokenIds = words.map((_, id) => id);
    const completions: Completion[] = [];
    for (let sample = 0; sample < samples; sample++) {
      for (const token of drawn) {
        await this.gate;
        if (signal.aborted) {
          throw new Error('cancelled');
        }
        onText(sample, token.text, [token]);
      }
      completions.push({
        text: drawn.map(({ text }) => text).join(''),
        promptTokenIds,
        tokenIds: drawn.map(({ id }) => id),
        logprobs: drawn.map(({ logprob }) => logprob),
        finishReason: drawn.length < words.length ? 'length' : 'stop',
      });
    }
    return completions;
  }

  countTokens(prompt: GenerateRequest['prompt']): Promise<number> {
    return Promise.resolve(wordsOf(prompt).length);
  }
}

function wordsOf(prompt: GenerateRequest['prompt']): string[] {
  return ('text' in prompt ? prompt.text : (prompt.messages.at(-1)?.content ?? '')).match(/\S+\s*/g) ?? [];
}
