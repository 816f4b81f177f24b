import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../../base/errors.ts';
import { readTokenizerFixture, type TokenizerFixture } from '../fixtures/tokenizer-fixture.ts';
import { byteLevelBpe } from '../tokenizer/bpe-definition.ts';
import { byteLevelAlphabet } from '../tokenizer/byte-level.ts';
import { hfTokenizer } from './hf-tokenizer.ts';

/** The tokenizer.json of SmolLM2 as the hub has it, with the part of the vocabulary that the fixture's texts need. */
function smollmDefinition({ vocabulary }: TokenizerFixture): object {
  const added = vocabulary.tokens.filter(([, , type]) => type === 3);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(([id, content]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.tokens.map(([id, token]) => [token, id])),
      merges: vocabulary.merges.map((merge) => merge.split(' ')),
    },
  };
}

describe('the tokenizer of a model folder', () => {
  const fixture = readTokenizerFixture('smollm');
  const template = String(fixture.metadata['tokenizer.chat_template']);
  let dir = '';
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'selfq-tokenizer-'));
    await write('tokenizer.json', smollmDefinition(fixture));
  });
  afterEach(() => rm(dir, { recursive: true }));

  function write(name: string, value: object | string): Promise<void> {
    return writeFile(join(dir, name), typeof value === 'string' ? value : JSON.stringify(value));
  }

  /** One byte a token, and these added tokens. */
  function bytes(added: object[], change: object = {}): object {
    const tokens = byteLevelAlphabet();
    const plain = added.map((token, i) => ({ id: 256 + i, special: true, normalized: false, ...token }));
    return { ...(byteLevelBpe('gpt2', tokens, [], []) as Record<string, unknown>), added_tokens: plain, ...change };
  }

  it('puts around a bare text what its TemplateProcessing says, and nothing around a conversation', async () => {
    const template = (...first: string[]) => ({
      type: 'TemplateProcessing',
      single: [...first.map((id) => ({ SpecialToken: { id, type_id: 0 } })), { Sequence: { id: 'A', type_id: 0 } }],
      pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<s>': { id: '<s>', ids: [256], tokens: ['<s>'] } },
    });
    await write('tokenizer.json', bytes([{ content: '<s>' }], { post_processor: template('<s>') }));
    const tokenizer = await hfTokenizer(dir, []);
    assert.deepEqual(tokenizer.encodeText('hi'), [256, 104, 105]);
    assert.deepEqual(tokenizer.encode('hi'), [104, 105]);
    const within = { type: 'Sequence', processors: [{ type: 'ByteLevel', trim_offsets: false }, template('<s>')] };
    await write('tokenizer.json', bytes([{ content: '<s>' }], { post_processor: within }));
    assert.deepEqual((await hfTokenizer(dir, [])).encodeText('hi'), [256, 104, 105]);
    await write('tokenizer.json', bytes([{ content: '<s>' }]));
    assert.deepEqual((await hfTokenizer(dir, [])).encodeText('hi'), [104, 105]);
  });

  it('swallows white space beside a token with lstrip or rstrip, and refuses one that is a single word', async () => {
    await write(
      'tokenizer.json',
      bytes([
        { content: '<l>', lstrip: true },
        { content: '<r>', rstrip: true },
      ]),
    );
    const tokenizer = await hfTokenizer(dir, []);
    assert.deepEqual(tokenizer.encode('a <l> b'), [97, 256, 32, 98]);
    assert.deepEqual(tokenizer.encode('a <r> \n b'), [97, 32, 257, 98]);
    await write('tokenizer.json', bytes([{ content: '<w>', single_word: true }]));
    await assert.rejects(hfTokenizer(dir, []), /"<w>", which counts only as a single word/);
  });

  it('is refused when it names a step that is not known', async () => {
    await write('tokenizer.json', bytes([], { pre_tokenizer: { type: 'Magic' } }));
    const tokenizer = await hfTokenizer(dir, []);
    assert.throws(() => tokenizer.encode('hi'), {
      boundary: 'model',
      message: /^The tokenizer of .* cannot be used: .*Magic/,
    });
  });

  it('gives the ids and texts of transformers', async () => {
    await write('tokenizer_config.json', { chat_template: template, eos_token: '<|im_end|>' });
    const tokenizer = await hfTokenizer(dir, []);
    for (const { text, ids } of fixture.texts) {
      assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
    }
    for (const { messages, prefill, text } of fixture.chats) {
      assert.equal(tokenizer.renderChat(messages, prefill), text);
    }
    for (const { ids, text } of fixture.cuts) {
      assert.equal(tokenizer.decode(ids), text);
    }
  });

  it('finds its template in a separate file, or by the name default among several', async () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const named = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: '{{ messages[0].content }}{{ eos_token }}' },
    ];
    await write('tokenizer_config.json', { chat_template: named, eos_token: { content: '<|im_end|>' } });
    assert.equal((await hfTokenizer(dir, [])).renderChat(messages), 'hi<|im_end|>');
    await write('chat_template.jinja', 'from the file');
    assert.equal((await hfTokenizer(dir, [])).renderChat(messages), 'from the file');
  });

  it('joins the end tokens of config.json, generation_config.json and the tokenizer', async () => {
    await write('generation_config.json', { eos_token_id: [7, 2] });
    await write('tokenizer_config.json', { eos_token: '<file_sep>' });
    assert.deepEqual((await hfTokenizer(dir, [9])).endIds, [0, 2, 5, 7, 9]);
  });

  it('is refused when it is no byte-level BPE', async () => {
    await write('tokenizer.json', { ...smollmDefinition(fixture), decoder: { type: 'Metaspace' } });
    await assert.rejects(hfTokenizer(dir, []), (error) => {
      assert.ok(error instanceof BoundaryError);
      assert.match(error.message, /tokenizer\.json describes another tokenizer than a byte-level BPE/);
      return true;
    });
  });
});
