import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createTokenizer, findEndIds } from './tokenizer.ts';
import { byteLevelBpe } from './bpe-definition.ts';
import { byteLevelAlphabet } from './byte-level.ts';
import { fixtureKinds, fixtureTokenizer, readTokenizerFixture } from '../fixtures/tokenizer-fixture.ts';
import type { Tokenizer } from '../model.ts';
import { BoundaryError } from '../../base/errors.ts';

/** One token a byte, and one special token. */
function byteTokenizer(chatTemplate?: string): Tokenizer {
  const tokens = [...byteLevelAlphabet(), '<|im_end|>'];
  const addedTokens = [{ id: 256, content: '<|im_end|>', special: true }];
  return createTokenizer({
    path: 'model.gguf',
    definition: () => byteLevelBpe('gpt2', tokens, [], addedTokens),
    vocabulary: () => tokens,
    addedTokens,
    chatTemplate,
    bosToken: undefined,
    eosToken: '<|im_end|>',
    endIds: [256],
  });
}

for (const kind of fixtureKinds) {
  describe(`a tokenizer of kind ${kind}`, () => {
    const fixture = readTokenizerFixture(kind);
    const tokenizer = fixtureTokenizer(fixture);

    it(`gives the ids of transformers for ${fixture.texts.length} texts`, () => {
      for (const { text, ids } of fixture.texts) {
        assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
      }
    });

    it('renders conversations to the text and ids of transformers', () => {
      for (const { messages, prefill, text, ids } of fixture.chats) {
        assert.equal(tokenizer.renderChat(messages, prefill), text);
        assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
      }
    });

    it('decodes ids to the text of transformers, also where they begin or end inside a character', () => {
      for (const { ids, text } of fixture.cuts) {
        assert.equal(tokenizer.decode(ids), text);
      }
    });
  });
}

describe('createTokenizer', () => {
  it('decodes what it encoded, whatever the text', () => {
    const tokenizer = byteTokenizer();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
      }),
    );
  });

  it('streams a character once its last byte is there, and never half of one', () => {
    const stream = byteTokenizer().stream();
    const pieces = [...Buffer.from('a👍é')].map((byte) => stream.push(byte));
    assert.deepEqual(pieces, ['a', '', '', '', '👍', '', 'é']);
    assert.equal(stream.end(), '');
  });

  it('ends a stream that stops inside a character with a replacement character', () => {
    const stream = byteTokenizer().stream();
    assert.equal(stream.push(0xf0) + stream.push(0x9f), '');
    assert.equal(stream.end(), '\ufffd');
  });

  it('keeps streams apart', () => {
    const tokenizer = byteTokenizer();
    const [one, two] = [tokenizer.stream(), tokenizer.stream()];
    one.push(0xc3);
    assert.equal(two.push(0x61), 'a');
    assert.equal(one.push(0xa9), 'é');
  });

  it('gives no text for ids beyond the vocabulary', () => {
    assert.equal(byteTokenizer().decode([0x61, 4711, 0x62]), 'ab');
  });

  it('says that a base model has no chat template, and what a failing template says', () => {
    const messages = [{ role: 'user', content: 'hi' }];
    const refusal = (words: RegExp) => (error: unknown) =>
      error instanceof BoundaryError && error.boundary === 'model' && words.test(error.message);
    assert.throws(() => byteTokenizer().renderChat(messages), refusal(/model\.gguf has no chat template/));
    const strict = byteTokenizer("{{ raise_exception('System role not supported') }}");
    assert.throws(() => strict.renderChat(messages), refusal(/System role not supported/));
    assert.throws(() => byteTokenizer('{% for').renderChat(messages), refusal(/chat template of model\.gguf failed/));
  });

  it('puts a prefill behind the generation header untouched', () => {
    const template = '{% for m in messages %}[{{ m.content }}]{% endfor %}{% if add_generation_prompt %}>{% endif %}';
    assert.equal(byteTokenizer(template).renderChat([{ role: 'user', content: 'hi' }], '{{ x }} '), '[hi]>{{ x }} ');
  });

  it('asks for an answer without thoughts where the template knows both', () => {
    // The end of Qwen3's.
    const template =
      "{{- '<|im_start|>assistant\\n' }}{%- if enable_thinking is defined and enable_thinking is false %}" +
      "{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}";
    const rendered = byteTokenizer(template).renderChat([{ role: 'user', content: 'hi' }]);
    assert.equal(rendered, '<|im_start|>assistant\n<think>\n\n</think>\n\n');
  });
});

describe('findEndIds', () => {
  it('joins the declared end tokens and those known to end a turn', () => {
    const added = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'].map((content, i) => ({
      id: i,
      content,
      special: true,
    }));
    assert.deepEqual(findEndIds([2, 9], added), [0, 2, 9]);
  });
});
