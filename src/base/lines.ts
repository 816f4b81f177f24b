/** Lines of a byte stream without their ends; undefined for one that is longer than `maxBytes`. */
export async function* linesOf(
  input: AsyncIterable<Buffer | string>,
  maxBytes: number,
): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = [];
  let held = 0;
  const keep = (part: Buffer): void => {
    held += part.length;
    if (held <= maxBytes) {
      parts.push(part);
    } else {
      parts = [];
    }
  };
  const finish = (): string | undefined => {
    const text = held > maxBytes ? undefined : Buffer.concat(parts).toString('utf8');
    parts = [];
    held = 0;
    return text;
  };
  for await (const piece of input) {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      keep(chunk.subarray(start, end));
      start = end + 1;
      yield finish();
    }
    keep(chunk.subarray(start));
  }
  if (held > 0) {
    yield finish();
  }
}
