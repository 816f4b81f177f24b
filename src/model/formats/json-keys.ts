/**
 * The first key that an object of this JSON text has twice, which JSON.parse passes over; undefined where there is none.
 * The text must be valid JSON. Takes linear time.
 */
export function findDuplicateKey(text: string): string | undefined {
  const objects: Set<string>[] = [];
  // A string, followed by a colon where it is a key.
  const token = /("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/gs;
  for (const [found, literal, colon] of text.matchAll(token)) {
    if (found === '{') {
      objects.push(new Set());
    } else if (found === '}') {
      objects.pop();
    } else if (literal !== undefined && colon !== undefined) {
      const key: unknown = JSON.parse(literal);
      const keys = objects.at(-1);
      if (typeof key === 'string' && keys?.has(key)) {
        return key;
      }
      keys?.add(String(key));
    }
  }
  return undefined;
}
