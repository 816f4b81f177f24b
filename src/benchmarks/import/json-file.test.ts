import assert from 'node:assert/strict';
import fc from 'fast-check';
import { objectsOf } from './json-file.ts';

async function collect(text: string, size: number, maxBytes = 10_000): Promise<(string | undefined)[]> {
  const bytes = Buffer.from(text);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) {
      yield await Promise.resolve(bytes.subarray(at, at + size));
    }
  }
  const texts: (string | undefined)[] = [];
  for await (const object of objectsOf(pieces(), maxBytes)) {
    texts.push(object);
  }
  return texts;
}

describe('objects in a stream of JSON', () => {
  const objects = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()), { maxLength: 4 });

  it('come out as they went in, in an array or one after the other, however the pieces fall', async () => {
    await fc.assert(
      fc.asyncProperty(
        objects,
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(undefined, 2),
        async (rows, size, indent) => {
          const array = await collect(JSON.stringify(rows, null, indent), size);
          const sequence = await collect(rows.map((row) => JSON.stringify(row, null, indent)).join('\n'), size);
          const parsed = (texts: (string | undefined)[]): unknown[] =>
            texts.map((text): unknown => JSON.parse(text ?? ''));
          const expected: unknown = JSON.parse(JSON.stringify(rows));
          assert.deepEqual(parsed(array), expected);
          assert.deepEqual(parsed(sequence), expected);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are skipped where they are too long, and the next one is found', async () => {
    const texts = await collect(`[{"a":"${'x'.repeat(100)}"},{"b":1}]`, 7, 50);
    assert.deepEqual(texts, [undefined, '{"b":1}']);
  });

  it('that are cut off come as they are, for the parser to refuse', async () => {
    assert.deepEqual(await collect('[{"a":1},{"b":"', 3), ['{"a":1}', '{"b":"']);
    assert.deepEqual(await collect('[1, "no objects", 2]', 3), []);
  });
});
