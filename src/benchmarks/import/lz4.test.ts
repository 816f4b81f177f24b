import assert from 'node:assert/strict';
import { unpackLz4Block, unpackLz4Hadoop } from './lz4.ts';

/** The text of `packed`, which the library lz4 4.4 wrote from it: repetitions, a long run, and a long part without any. */
const text =
  'a question of one kind, then a question of another kind. '.repeat(3) +
  'x'.repeat(300) +
  Array.from({ length: 280 }, (_, index) => String.fromCharCode(33 + ((index * 37) % 90))).join('');
const packed = Buffer.from(
  '+g5hIHF1ZXN0aW9uIG9mIG9uZSBraW5kLCB0aGVuIB0AcWFub3RoZXIhABsuHAAPOQBRH3gBAP8Z/0shRms2WyZLcDtgK1B1QGUwVXpFajVaJUpvOl8qT3Q' +
    '/ZC9UeURpNFkkSW45XilOcz5jLlN4Q2gzWCNIbThdKE1yPWItUndCZzJXIkdsN1wnTHE8YSxRdkFmMVZaAKZQJktwO2A=',
  'base64',
);

function hadoop(blocks: readonly [size: number, data: Uint8Array][]): Buffer {
  return Buffer.concat(
    blocks.map(([size, data]) => {
      const head = Buffer.alloc(8);
      head.writeUInt32BE(size, 0);
      head.writeUInt32BE(data.length, 4);
      return Buffer.concat([head, data]);
    }),
  );
}

describe('LZ4', () => {
  it('unpacks what the library lz4 packs', () => {
    assert.equal(Buffer.from(unpackLz4Block(packed, text.length)).toString(), text);
  });

  it('unpacks blocks behind their sizes, and one without', () => {
    const two = hadoop([
      [text.length, packed],
      [3, Buffer.from('\x30abc', 'latin1')],
    ]);
    assert.equal(Buffer.from(unpackLz4Hadoop(two, text.length + 3)).toString(), `${text}abc`);
    assert.equal(Buffer.from(unpackLz4Hadoop(packed, text.length)).toString(), text);
  });

  it('refuses every damaged block and never reads or writes outside', () => {
    for (let cut = 0; cut < packed.length; cut += 1) {
      assert.throws(() => unpackLz4Block(packed.subarray(0, cut), text.length), RangeError);
    }
    assert.throws(() => unpackLz4Block(packed, text.length - 1), RangeError);
    assert.throws(() => unpackLz4Block(packed, text.length + 1), RangeError);
    // A match that begins before the output does.
    assert.throws(() => unpackLz4Block(Buffer.from([0x10, 0x61, 0x05, 0x00]), 5), RangeError);
  });
});
