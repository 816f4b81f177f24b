/**
 * The one source of randomness: a counter-based generator. A number is a pure function of its key, so that a resumed
 * run draws what the uninterrupted one would have drawn, in whatever order things happen.
 */

/**
 * A number in [0, 1), uniform, with 53 random bits, that depends on nothing but `key`: integers up to 2^53 in size,
 * signs and order count, and so does the length.
 *
 * Two 32-bit lanes take each word of the key with the rounds of MurmurHash3 x86_128 (A. Appleby, public domain), cut
 * to two lanes; its finaliser makes every bit of the key reach every bit of the result. Not for secrets.
 */
export function uniform(...key: number[]): number {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  for (const word of key) {
    const high = Math.floor(word / 4294967296);
    a = absorb(a, word | 0, 0x239b961b, 0xab0e9789, 15) ^ b;
    b = absorb(b, high | 0, 0xab0e9789, 0x38b34ae5, 16) + a;
  }
  a = finish(a ^ key.length);
  b = finish((b + a) | 0);
  a = (a + b) | 0;
  return ((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992;
}

function absorb(state: number, word: number, first: number, second: number, turn: number): number {
  let k = Math.imul(word, first);
  k = (k << turn) | (k >>> (32 - turn));
  k = Math.imul(k, second);
  const mixed = state ^ k;
  return (Math.imul((mixed << 19) | (mixed >>> 13), 5) + 0x561ccd1b) | 0;
}

function finish(state: number): number {
  let h = state;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A sequence of numbers in [0, 1), uniform, with 32 random bits, for where millions are drawn in one go and only their
 * order counts: several times as fast as {@link uniform}. sfc32 (C. Doty-Humphrey, PractRand, public domain).
 */
export function createRandomSequence(seed: number): () => number {
  let a = seed | 0;
  let b = 0x9e3779b9;
  let c = 0x243f6a88;
  let counter = 1;
  const next = (): number => {
    const word = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + word) | 0;
    return (word >>> 0) / 4294967296;
  };
  // The first words still show the seed.
  for (let i = 0; i < 15; i++) {
    next();
  }
  return next;
}
