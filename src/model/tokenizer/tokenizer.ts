import { Tokenizer as BpeTokenizer } from '@huggingface/tokenizers';
import { BoundaryError } from '../../base/errors.ts';
import { byteOfCharacter } from './byte-level.ts';
import { compileChatTemplate, templateProblem, type Messages } from './chat-template.ts';
import type { TextStream, Tokenizer } from '../model.ts';

/** An entry of `added_tokens` in a tokenizer.json: text that is one token wherever it appears. Other fields are passed on. */
export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
}

/** What a model file says about its tokenizer. */
export interface TokenizerSource {
  /** The file or folder, for messages. */
  path: string;
  /** A tokenizer.json object with a byte-level BPE; asked for once, when text is first encoded. */
  definition: () => object;
  /** Tokens by id, in the byte-level alphabet; holes have no text. Asked for once, when ids are first decoded. */
  vocabulary: () => readonly (string | undefined)[];
  addedTokens: readonly AddedToken[];
  /** Jinja source; undefined for base models. */
  chatTemplate: string | undefined;
  bosToken: string | undefined;
  eosToken: string | undefined;
  endIds: readonly number[];
}

/**
 * A byte-level BPE tokenizer. Encoding is left to `@huggingface/tokenizers`; decoding is done here by bytes, since a
 * completion may be cut inside a character. Building takes some hundred milliseconds and happens on first use.
 */
export function createTokenizer(source: TokenizerSource): Tokenizer {
  const encoder = once(() => createEncoder(source));
  const bytes = once(() => byteLookup(source.vocabulary(), source.addedTokens));
  const template = once(() => compileTemplate(source));
  const stream = (): TextStream => createStream(bytes());
  return {
    endIds: source.endIds,
    encode: (text) => encodeWith(source, encoder(), text, false),
    encodeText: (text) => encodeWith(source, encoder(), text, true),
    decode(ids) {
      const decoder = stream();
      let text = '';
      for (const id of ids) {
        text += decoder.push(id);
      }
      return text + decoder.end();
    },
    stream,
    renderChat: (messages, prefill = '') => renderTemplate(source, template, messages) + prefill,
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function createStream(bytesOf: (id: number) => Uint8Array): TextStream {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    push: (id) => decoder.decode(bytesOf(id), { stream: true }),
    end: () => decoder.decode(),
  };
}

/** Vocabulary entries spell bytes in the byte-level alphabet; added tokens are plain text. */
function byteLookup(
  vocabulary: readonly (string | undefined)[],
  addedTokens: readonly AddedToken[],
): (id: number) => Uint8Array {
  const encoder = new TextEncoder();
  const known = new Map(addedTokens.map(({ id, content }) => [id, encoder.encode(content)]));
  return (id) => {
    let bytes = known.get(id);
    if (bytes === undefined) {
      bytes = Uint8Array.from(vocabulary[id] ?? '', byteOfCharacter);
      known.set(id, bytes);
    }
    return bytes;
  };
}

const instructModel = 'Use an instruction-tuned model: `selfq models list` names some.';

function compileTemplate(source: TokenizerSource): (messages: Messages) => string {
  if (source.chatTemplate === undefined) {
    throw new BoundaryError('model', `${source.path} has no chat template: it is a base model.`, instructModel);
  }
  return compileChatTemplate(source.chatTemplate, source);
}

function renderTemplate(
  source: TokenizerSource,
  template: () => (messages: Messages) => string,
  messages: Messages,
): string {
  try {
    return template()(messages);
  } catch (error) {
    if (error instanceof BoundaryError) {
      throw error;
    }
    throw new BoundaryError(
      'model',
      `The chat template of ${source.path} failed: ${templateProblem(error)}`,
      instructModel,
      { cause: error },
    );
  }
}

function createEncoder(source: TokenizerSource): BpeTokenizer {
  try {
    return new BpeTokenizer(source.definition(), {});
  } catch (error) {
    throw tokenizerFault(source, `cannot be used: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** `around`: with the special tokens that the tokenizer puts around a text. */
function encodeWith(source: TokenizerSource, encoder: BpeTokenizer, text: string, around: boolean): number[] {
  if (text === '') {
    return [];
  }
  const { ids } = encoder.encode(text, { add_special_tokens: around });
  if (!ids.every(Number.isInteger)) {
    throw tokenizerFault(source, `has no token for a part of ${JSON.stringify(text.slice(0, 80))}`);
  }
  return ids;
}

function tokenizerFault({ path }: TokenizerSource, problem: string, cause?: unknown): BoundaryError {
  const remedy = 'Fetch the model again, or use another one: `selfq models list` names some.';
  return new BoundaryError('model', `The tokenizer of ${path} ${problem}.`, remedy, { cause });
}

/** Texts of tokens that end a turn or a text in the models of these families, as llama.cpp recognises them. */
const endTokens = new Set([
  '<|im_end|>',
  '<|endoftext|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end_of_text|>',
  '<|end|>',
  '<end_of_turn>',
  '<|fim_pad|>',
  '<|repo_name|>',
  '<|file_sep|>',
]);

/** The declared end tokens and those special tokens that are known to end a turn; ascending, without repetition. */
export function findEndIds(declared: readonly number[], addedTokens: readonly AddedToken[]): number[] {
  const known = addedTokens.filter(({ content }) => endTokens.has(content)).map(({ id }) => id);
  return [...new Set([...declared, ...known])].sort((a, b) => a - b);
}
