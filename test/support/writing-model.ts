import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { byteLevelBpe } from '../../src/model/tokenizer/bpe-definition.ts';
import { byteLevelAlphabet } from '../../src/model/tokenizer/byte-level.ts';
import { readSafetensors, writeSafetensors } from '../../src/model/formats/safetensors.ts';
import { tinyTokens, writeTinyModel } from './tiny-model.ts';

/**
 * A tiny model that writes real exercises and answers, for tests of the whole program: a qwen2 decoder of one layer
 * whose weights are a table of which phrase follows which. Attention and feed-forward start by adding nothing, so that
 * training, which is the real one, changes these probabilities.
 */

/** After any other last byte of a prompt comes a proposal, after an opening brace an answer. */
const start = { proposal: 'proposal', answer: '{' } as const;

const kinds = ['', ' positive', ' even', ' odd', ' negative', ' distinct', ' small', ' large'];
const orders = [' counted from the left,', ' leaving out zeros,', ' as one number,', ' without changing it,'];
const tasks = {
  ' the sum of all elements': '  return nums.reduce((a, b) => a + b, 0);\n',
  ' the number of elements': '  return nums.length;\n',
  ' the largest of the elements': '  return Math.max(...nums);\n',
};
const answers = [...Object.values(tasks), '  return nums[0];\n'];
const calls = ['[1, 2, 3]', '[4, 9]', '[5, 0, 7, 8]'].map((list) => `solve(${list});\n`).join('');

/** Tokens of filling in the middle; behind the last of them comes what fills every gap. */
const fillTokens = ['<|fim_prefix|>', '<|fim_suffix|>', '<|fim_middle|>'];
const gapFilling = ' nums.length;';

/** Phrase -> what may follow it, all equally likely. `end` is the end of the turn. */
function grammar(): Map<string, string[]> {
  const follows = new Map<string, string[]>();
  const head = ' */\nfunction solve(nums) {\n';
  const close = '}\n';
  const fence = '```';
  follows.set(start.proposal, orders);
  orders.forEach((order) =>
    follows.set(
      order,
      kinds.map((kind) => ` of the${kind} values,`),
    ),
  );
  kinds.forEach((kind) => follows.set(` of the${kind} values,`, Object.keys(tasks)));
  for (const [task, body] of Object.entries(tasks)) {
    follows.set(task, [`.\n${head}${body}${close}`]);
    follows.set(`.\n${head}${body}${close}`, [calls]);
  }
  follows.set(calls, [fence]);
  follows.set(
    start.answer,
    answers.map((body) => `\n${body}`),
  );
  answers.forEach((body) => follows.set(`\n${body}`, [close]));
  follows.set(close, [fence]);
  follows.set(fence, ['end']);
  follows.set(gapFilling, ['end']);
  follows.set(fillTokens.at(-1) ?? '', [gapFilling]);
  return follows;
}

const hidden = 64;
/** Logit of what may not follow; that of what may is 0. */
const forbidden = -14;

/** What a writing model can do besides proposing and answering. */
export interface WritingOptions {
  /** It knows tokens of filling in the middle, and one text that fills every gap. Default false. */
  fillsGaps?: boolean;
}

/** Writes the model folder; the same bytes every time. */
export async function writeWritingModel(dir: string, { fillsGaps = false }: WritingOptions = {}): Promise<void> {
  await writeTinyModel(dir, { layers: 1, hidden, tiedEmbedding: false, contextLength: 4096 });
  const follows = grammar();
  const fills = fillsGaps ? [gapFilling, ...fillTokens] : [];
  const notPhrases: readonly string[] = [start.proposal, start.answer, gapFilling, ...fillTokens];
  const phrases = [...[...follows.keys()].filter((phrase) => !notPhrases.includes(phrase)), ...fills];
  await writeFile(join(dir, 'tokenizer.json'), JSON.stringify(tokenizerOf(phrases)));
  const ids = new Map(phrases.map((phrase, index) => [phrase, 259 + index]));
  ids.set('end', tinyTokens.endOfTurn);
  // One direction of the hidden space for each state: 0 any byte, 1 the opening brace, then the phrases.
  const stateOf = (token: number): number => (token >= 259 ? token - 257 : token === '{'.charCodeAt(0) ? 1 : 0);
  const states = [start.proposal, start.answer, ...phrases];
  const path = join(dir, 'model.safetensors');
  const tensors = await readSafetensors(path);
  for (const [name, { data, shape }] of tensors) {
    const [rows = 1] = shape;
    if (name.includes('embed_tokens')) {
      data.fill(0);
      Array.from({ length: rows }, (_, token) => (data[token * hidden + Math.min(stateOf(token), hidden - 1)] = 1));
    } else if (name.includes('lm_head')) {
      data.fill(forbidden / Math.sqrt(hidden));
      states.forEach((phrase, state) => {
        (follows.get(phrase) ?? []).forEach((next) => (data[(ids.get(next) ?? 0) * hidden + state] = 0));
      });
    } else if (name.includes('norm')) {
      data.fill(1);
    } else if (name.includes('o_proj') || name.includes('down_proj')) {
      data.fill(0);
    }
  }
  await writeSafetensors(path, tensors);
}

/** Bytes for what is read, and a token for each phrase, which no text is split into (there are no merges). */
function tokenizerOf(phrases: readonly string[]): object {
  const alphabet = byteLevelAlphabet();
  const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
  const spell = (phrase: string): string => [...Buffer.from(phrase)].map((byte) => alphabet[byte] ?? '').join('');
  const spelled = phrases.map((phrase) => (fillTokens.includes(phrase) ? phrase : spell(phrase)));
  const vocabulary = [...alphabet, ...specials, ...spelled];
  const added = vocabulary.flatMap((content, id) =>
    [...specials, ...fillTokens].includes(content) ? [{ id, content, special: true }] : [],
  );
  return byteLevelBpe('gpt2', vocabulary, [], added);
}
