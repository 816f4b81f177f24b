import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeFrame, FrameError, FrameReader } from './frames.ts';

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (messages, cuts) => {
          const bytes = Buffer.concat(messages.map(encodeFrame));
          const reader = new FrameReader();
          const seen: unknown[] = [];
          for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
            const end = start + (cuts[turn % cuts.length] ?? 1);
            seen.push(...reader.push(bytes.subarray(start, end)));
            start = end;
          }
          assert.deepEqual(
            seen,
            messages.map((message) => JSON.parse(JSON.stringify(message)) as unknown),
          );
          assert.equal(reader.heldBytes, 0);
        },
      ),
    );
  });

  it('are refused when they are too long or no JSON', () => {
    assert.throws(() => [...new FrameReader(10).push(encodeFrame('x'.repeat(20)))], FrameError);
    assert.throws(() => [...new FrameReader().push(Buffer.from([3, 0, 0, 0, 123, 123, 123]))], FrameError);
  });
});
