/** The first key that an object of a valid JSON text has twice; undefined where there is none. */
export function duplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  for (const [token, quoted, colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/g)) {
    if (token === '{') {
      open.push(new Set());
    } else if (token === '}') {
      open.pop();
    } else if (quoted !== undefined && colon !== undefined) {
      const key = JSON.parse(quoted) as string;
      const known = open.at(-1);
      if (known?.has(key)) {
        return key;
      }
      known?.add(key);
    }
  }
  return undefined;
}
