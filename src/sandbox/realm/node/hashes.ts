import type { Utf8 } from '../utf8.ts';
import type { BufferObject, Buffers } from './buffer.ts';
import type { Libraries } from './libraries.ts';

/** What programs use of the module `crypto`: hashes, and random values that the seed decides. Turned into text (compose.ts): self-contained. */
export function makeHashes(libraries: Libraries, buffers: Buffers, utf8: Utf8): object {
  interface State {
    update(data: Uint8Array): State;
    digest(): Uint8Array<ArrayBuffer>;
    clone(): State;
  }
  type Algorithm = { create(): State } & ((data: Uint8Array) => Uint8Array);
  const { hashes, hmac } = libraries.need('hashes') as {
    hashes: Record<string, Algorithm>;
    hmac: { create(algorithm: Algorithm, key: Uint8Array): State };
  };

  function algorithmOf(name: unknown): Algorithm {
    const key = String(name)
      .toLowerCase()
      .replace(/^rsa-/, '')
      .replace(/^sha-(?=\d)/, 'sha')
      .replace('/', '-');
    const found = Object.hasOwn(hashes, key) ? hashes[key] : undefined;
    if (found === undefined) {
      throw new Error('Digest method not supported');
    }
    return found;
  }
  function bytesOf(data: unknown, encoding?: string): Uint8Array {
    if (typeof data === 'string') {
      const { Buffer } = libraries.need('buffer') as { Buffer: { from(text: string, encoding?: string): Uint8Array } };
      return encoding === undefined || utf8.isName(encoding) ? utf8.fromText(data) : Buffer.from(data, encoding);
    }
    if (ArrayBuffer.isView(data)) {
      return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }
    const words = 'must be of type string or an instance of Buffer, TypedArray, or DataView.';
    throw Object.assign(new TypeError(`The "data" argument ${words}`), { code: 'ERR_INVALID_ARG_TYPE' });
  }
  const encoded = (data: BufferObject, encoding?: string): unknown =>
    encoding === undefined || encoding === 'buffer' ? data : data.toString(encoding);

  class Hash {
    #state: State | undefined;
    constructor(state: State) {
      this.#state = state;
    }
    #open(): State {
      if (this.#state === undefined) {
        throw Object.assign(new Error('Digest already called'), { code: 'ERR_CRYPTO_HASH_FINALIZED' });
      }
      return this.#state;
    }
    update(data: unknown, encoding?: string): this {
      this.#open().update(bytesOf(data, encoding));
      return this;
    }
    digest(encoding?: string): unknown {
      const result = buffers.wrap(this.#open().digest());
      this.#state = undefined;
      return encoded(result, encoding);
    }
    copy(): Hash {
      return new Hash(this.#open().clone());
    }
  }

  function randomFill(data: Uint8Array): Uint8Array {
    for (let index = 0; index < data.length; index += 1) {
      data[index] = Math.floor(Math.random() * 256);
    }
    return data;
  }
  function getRandomValues<T extends ArrayBufferView>(array: T): T {
    randomFill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    return array;
  }
  function randomUUID(): string {
    const digits = Array.from({ length: 32 }, () => Math.floor(Math.random() * 16).toString(16));
    digits[12] = '4';
    digits[16] = '89ab'.charAt(Math.floor(Math.random() * 4));
    return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
  function randomInt(first: number, second?: unknown, third?: unknown): unknown {
    const [from, to] = typeof second === 'number' ? [first, second] : [0, first];
    const done = typeof second === 'function' ? second : third;
    const value = from + Math.floor(Math.random() * (to - from));
    return typeof done === 'function' ? setImmediate(() => void Reflect.apply(done, undefined, [null, value])) : value;
  }
  function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
    if (a.length !== b.length) {
      throw Object.assign(new RangeError('Input buffers must have the same byte length'), {
        code: 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH',
      });
    }
    return a.every((byte, index) => byte === b[index]);
  }

  return {
    createHash: (name: unknown) => new Hash(algorithmOf(name).create()),
    createHmac: (name: unknown, key: unknown) => new Hash(hmac.create(algorithmOf(name), bytesOf(key))),
    hash: (name: unknown, data: unknown, encoding = 'hex') =>
      new Hash(algorithmOf(name).create()).update(data).digest(encoding),
    getHashes: () => Object.keys(hashes),
    randomBytes: (size: number) => randomFill(buffers.wrap(new Uint8Array(size))),
    randomFillSync: randomFill,
    randomInt,
    randomUUID,
    timingSafeEqual,
    getRandomValues,
    webcrypto: { getRandomValues, randomUUID },
  };
}
