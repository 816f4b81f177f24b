import { join } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from '../../base/errors.ts';
import { readSmallFile } from '../../base/small-file.ts';
import { spellOut } from '../tokenizer/bpe-definition.ts';
import type { Tokenizer } from '../model.ts';
import { createTokenizer, findEndIds } from '../tokenizer/tokenizer.ts';

/** The part of tokenizer.json that is looked at here; `@huggingface/tokenizers` gets the whole. */
const Definition = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({
        id: z.number().int().min(0),
        content: z.string(),
        special: z.boolean().default(false),
        single_word: z.boolean().default(false),
      }),
    )
    .default([]),
  pre_tokenizer: z.unknown(),
  model: z.looseObject({ type: z.string(), vocab: z.custom<Record<string, number>>(isPlainObject) }),
  decoder: z
    .looseObject({ type: z.string(), decoders: z.array(z.looseObject({ type: z.string() })).optional() })
    .nullish(),
});

const TokenText = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

const Settings = z.object({
  chat_template: z.union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))]).nullish(),
  bos_token: TokenText,
  eos_token: TokenText,
});
type Settings = z.infer<typeof Settings>;

const Generation = z.object({ eos_token_id: z.union([z.number(), z.array(z.number())]).nullish() });

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The tokenizer of a model folder: tokenizer.json, with the chat template and the end tokens of tokenizer_config.json,
 * chat_template.jinja and generation_config.json where these exist. `declaredEndIds` come from config.json.
 */
export async function hfTokenizer(folder: string, declaredEndIds: readonly number[]): Promise<Tokenizer> {
  const path = join(folder, 'tokenizer.json');
  const definition = await readOptional(path, Definition);
  if (definition === undefined) {
    throw fault(`${folder} has no tokenizer.json`);
  }
  const kind = definition.decoder;
  const byteLevel = kind?.type === 'ByteLevel' || kind?.decoders?.some(({ type }) => type === 'ByteLevel') === true;
  if (definition.model.type !== 'BPE' || !byteLevel) {
    throw fault(`${path} describes another tokenizer than a byte-level BPE`);
  }
  const word = definition.added_tokens.find((token) => token.single_word);
  if (word) {
    throw fault(
      `${path} has the token ${JSON.stringify(word.content)}, which counts only as a single word (single_word)`,
    );
  }
  const settings = await readOptional(join(folder, 'tokenizer_config.json'), Settings);
  const generation = await readOptional(join(folder, 'generation_config.json'), Generation);
  const addedTokens = definition.added_tokens;
  const eosToken = settings?.eos_token ?? undefined;
  const eosIds = addedTokens.filter(({ content }) => content === eosToken).map(({ id }) => id);
  return createTokenizer({
    path: folder,
    definition: () => ({ ...definition, pre_tokenizer: spellOut(definition.pre_tokenizer) }),
    vocabulary: () => tokensById(definition.model.vocab),
    addedTokens,
    chatTemplate: (await readText(join(folder, 'chat_template.jinja'))) ?? pickTemplate(settings),
    bosToken: settings?.bos_token ?? undefined,
    eosToken,
    endIds: findEndIds([...declaredEndIds, ...[generation?.eos_token_id ?? []].flat(), ...eosIds], addedTokens),
  });
}

function tokensById(vocabulary: Record<string, number>): (string | undefined)[] {
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of Object.entries(vocabulary)) {
    tokens[id] = token;
  }
  return tokens;
}

/** Some checkpoints bring several templates by name; conversations use `default`. */
function pickTemplate(settings: Settings | undefined): string | undefined {
  const template = settings?.chat_template ?? undefined;
  return Array.isArray(template) ? template.find(({ name }) => name === 'default')?.template : template;
}

/** A text file that may be absent. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await readSmallFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return undefined;
    }
    if (error instanceof RangeError) {
      throw fault(`${path} cannot be read`, error);
    }
    throw error;
  }
}

async function readOptional<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await readText(path);
  if (text === undefined) {
    return undefined;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw fault(`${path} is not as expected`, error);
  }
}

function fault(problem: string, cause?: unknown): BoundaryError {
  const remedy = 'Fetch the model folder again, or use another model (`selfq models list`).';
  return new BoundaryError('model', `${problem}.`, remedy, { cause });
}
