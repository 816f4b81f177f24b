import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ExactNumber, JsonValue, parseJson, writeJson } from './json.ts';

describe('JSON with numbers as they were written', () => {
  const kept: [text: string, kept: boolean][] = [
    ['9007199254740991', false],
    ['9007199254740993', true],
    ['-9007199254740993', true],
    ['10000000000000000', true],
    ['3', false],
    ['3.0', true],
    ['3.5', false],
    ['1e5', true],
    ['1.5E1', true],
    ['1e-7', false],
    ['1e400', true],
    ['-0.0', true],
    ['0.1000000000000000055', false],
  ];
  for (const [text, isKept] of kept) {
    it(`${isKept ? 'keeps the text of' : 'takes as a double'} ${text}`, () => {
      const [value] = parseJson(`[${text}]`) as unknown[];
      assert.equal(value instanceof ExactNumber, isKept);
      assert.equal(value instanceof ExactNumber ? value.text : value, isKept ? text : Number(text));
      assert.equal(JSON.stringify([value]), isKept ? `[${text}]` : JSON.stringify([Number(text)]));
    });
  }

  it('is JSON.parse for everything else', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain: unknown = JSON.parse(text);
        assert.deepEqual(JSON.parse(JSON.stringify(parseJson(text))), plain);
      }),
    );
  });

  const ordered: [name: string, text: string][] = [
    ['keys that are numbers', '{"10":1,"b":[{"2":{},"1":3.0}],"007":0,"1":null}'],
    ['numbers in strings that are no keys', '{"9":"\\"1\\":","8":"7"}'],
    ['keys that begin as the mark does', '{"\ue000\ue0001":1,"3":2,"\ue000":0,"1":0}'],
    ['a key of JavaScript', '{"5":0,"__proto__":{"2":0,"1":0},"3":-0.0}'],
  ];
  for (const [name, text] of ordered) {
    it(`remembers the order of ${name}`, () => {
      const value = JsonValue.parse(parseJson(text));
      assert.equal(writeJson(value), text);
      assert.deepEqual(JSON.parse(JSON.stringify(value)), JSON.parse(text));
    });
  }

  it('writes what it has read', () => {
    const key = fc.oneof(fc.nat({ max: 99 }).map(String), fc.string({ unit: 'binary', maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.jsonValue({ maxDepth: 1 })), { maxLength: 6 }), (members) => {
        const unique = [...new Map(members)];
        const text = `{ ${unique.map(([name, member]) => `${JSON.stringify(name)} : ${JSON.stringify(member)}`).join(' ,\n')} }`;
        const value = parseJson(text) as JsonValue;
        assert.deepEqual(parseJson(writeJson(value)), value);
        const compact = unique.map(
          ([name, member]) => `${JSON.stringify(name)}:${writeJson(parseJson(JSON.stringify(member)) as JsonValue)}`,
        );
        assert.equal(writeJson(value), `{${compact.join(',')}}`);
      }),
      { numRuns: 40 },
    );
  });

  it('takes values as they are, with every key, and refuses what is no data or nested too deep', () => {
    const value: unknown = parseJson('{"__proto__": {"x": 1.0}, "b": [9007199254740993]}');
    assert.equal(JsonValue.parse(value), value);
    assert.deepEqual(Object.keys(value as object), ['__proto__', 'b']);
    assert.equal(JsonValue.safeParse(parseJson('['.repeat(500) + ']'.repeat(500))).success, true);
    for (const bad of [parseJson('['.repeat(501) + ']'.repeat(501)), NaN, undefined, [new Date()], 1n]) {
      assert.equal(JsonValue.safeParse(bad).success, false);
    }
    assert.equal(JsonValue.safeParse(parseJson('['.repeat(100_000) + '1.0' + ']'.repeat(100_000))).success, false);
  });
});
