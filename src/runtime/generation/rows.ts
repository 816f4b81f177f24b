import type { Tokenizer } from '../../model/model.ts';
import { BoundaryError } from '../../base/errors.ts';
import { uniform } from '../../base/random.ts';
import type { Completion, GenerateRequest } from '../../protocol/runtime.ts';
import { CompletionText } from './completion-text.ts';
import type { RowSampling } from './sampler.ts';

/** One completion in the making. */
export interface Row {
  request: number;
  sample: number;
  settings: GenerateRequest;
  promptTokenIds: number[];
  /** As asked, or less where the context ends. */
  maxTokens: number;
  endIds: readonly number[];
  tokenIds: number[];
  logprobs: number[];
  text: CompletionText;
  /** Its call was cancelled: it leaves the batch unfinished. */
  cancelled?: true;
  finishReason?: Completion['finishReason'];
}

/**
 * The rows of all requests in order. Throws BoundaryError: 'usage' for an empty prompt or one that leaves no room for a
 * token, and for settings out of range; 'model' for a token without a row in the embedding [vocabulary, hidden].
 */
export function planRows(
  requests: readonly GenerateRequest[],
  tokenizer: Tokenizer,
  { contextTokens, vocabulary }: { contextTokens: number; vocabulary: number },
): Row[] {
  return requests.flatMap((settings, request) => {
    checkSettings(settings);
    const promptTokenIds = readablePrompt(settings.prompt, tokenizer, { contextTokens, vocabulary });
    const room = contextTokens - promptTokenIds.length;
    return Array.from({ length: settings.samples }, (_, sample) => ({
      request,
      sample,
      settings,
      promptTokenIds,
      maxTokens: Math.min(settings.maxTokens, room),
      endIds: tokenizer.endIds,
      tokenIds: [],
      logprobs: [],
      text: new CompletionText(tokenizer, stopsOf(settings)),
    }));
  });
}

/** {@link encodePrompt} for a context with room for one more token. Throws as {@link planRows} for what the model cannot read. */
export function readablePrompt(
  prompt: GenerateRequest['prompt'],
  tokenizer: Tokenizer,
  { contextTokens, vocabulary }: { contextTokens: number; vocabulary: number },
): number[] {
  const ids = encodePrompt(prompt, tokenizer);
  assertEmbedded(ids, tokenizer, vocabulary);
  if (ids.length === 0) {
    throw new BoundaryError('usage', 'A prompt is empty.', 'Give it at least one character.');
  }
  if (ids.length >= contextTokens) {
    throw new BoundaryError(
      'usage',
      `A prompt of ${ids.length} tokens does not fit into a context of ${contextTokens}.`,
      'Shorten the prompt, or load the model with a longer context.',
    );
  }
  return ids;
}

function stopsOf({ stop = [], prompt }: GenerateRequest): string[] {
  return [...stop, ...('text' in prompt ? [] : (prompt.stop ?? []))];
}

function assertEmbedded(ids: readonly number[], tokenizer: Tokenizer, vocabulary: number): void {
  const stray = ids.find((id) => id >= vocabulary);
  if (stray !== undefined) {
    throw new BoundaryError(
      'model',
      `A prompt holds ${JSON.stringify(tokenizer.decode([stray]))} (token ${stray}), for which the model has no row: ` +
        `its embedding has ${vocabulary} rows.`,
      'Leave this text out of the prompt, or use a model whose tokenizer and weights belong together.',
    );
  }
}

/** The ids that the model reads: of a conversation as its template renders it, of bare text with the tokens around it. */
export function encodePrompt(prompt: GenerateRequest['prompt'], tokenizer: Tokenizer): number[] {
  return 'text' in prompt ? tokenizer.encodeText(prompt.text) : tokenizer.encode(renderPrompt(prompt, tokenizer));
}

/** The text that the model reads, without the special tokens that {@link encodePrompt} puts around bare text. */
export function renderPrompt(prompt: GenerateRequest['prompt'], tokenizer: Tokenizer): string {
  return 'text' in prompt ? prompt.text : tokenizer.renderChat(prompt.messages, prompt.prefill);
}

function checkSettings({ samples, maxTokens, temperature, topP = 1, topK = 0 }: GenerateRequest): void {
  const whole = (value: number, least: number) => Number.isInteger(value) && value >= least;
  const faults = [
    whole(samples, 1) ? '' : `samples is ${samples}, not a whole number from 1`,
    whole(maxTokens, 1) ? '' : `maxTokens is ${maxTokens}, not a whole number from 1`,
    temperature >= 0 && temperature < Infinity ? '' : `temperature is ${temperature}, not a number from 0`,
    topP > 0 && topP <= 1 ? '' : `topP is ${topP}, not in (0, 1]`,
    whole(topK, 0) ? '' : `topK is ${topK}, not a whole number from 0`,
  ].filter((fault) => fault !== '');
  if (faults.length > 0) {
    throw new BoundaryError('usage', `Generation settings: ${faults.join('; ')}.`, 'Correct the values.');
  }
}

/** How the row draws its next token, or the one `ahead` of it: by (seed, sample, position) alone. */
export function samplingOf({ settings, sample, tokenIds }: Row, ahead = 0): RowSampling {
  return {
    temperature: settings.temperature,
    uniform: uniform(settings.seed, sample, tokenIds.length + ahead),
    topP: settings.topP ?? 1,
    topK: settings.topK ?? 0,
  };
}

/** Takes the next token of the row. An end token belongs to the completion (the policy chose it), not to its text. */
export function appendToken(row: Row, token: number, logprob: number): void {
  row.tokenIds.push(token);
  row.logprobs.push(logprob);
  if (row.endIds.includes(token) || row.text.push(token)) {
    row.finishReason = 'stop';
  } else if (row.tokenIds.length >= row.maxTokens) {
    row.finishReason = 'length';
  }
}

/** Whether nothing more is drawn for the row. */
export function isDone({ finishReason, cancelled }: Row): boolean {
  return finishReason !== undefined || cancelled === true;
}

/** The finished row as a reply. */
export function completionOf(row: Row): Completion {
  return {
    text: row.text.end(),
    promptTokenIds: row.promptTokenIds,
    tokenIds: row.tokenIds,
    logprobs: row.logprobs,
    finishReason: row.finishReason ?? 'length',
  };
}
