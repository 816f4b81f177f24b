/** Characters before and behind the cursor that the model reads: in any script fewer tokens than its context has. */
const mostBefore = 2400;
const mostAfter = 800;

/** What is written at the cursor is at most this long, tokens, and ends with an empty line. */
export const fillingLimits = { maxTokens: 64, stop: ['\n\n', '\r\n\r\n'] } as const;

/** The texts around a place, as far as the model reads them: whole lines before it, where any is whole. */
export function gapAt(text: string, offset: number): { prefix: string; suffix: string } {
  const near = text.slice(Math.max(0, offset - mostBefore), offset);
  const lineEnd = offset > mostBefore ? near.indexOf('\n') : -1;
  return { prefix: near.slice(lineEnd + 1), suffix: text.slice(offset, offset + mostAfter) };
}

/** Whether there is something to complete: some text, and not the middle of a word. */
export function isGap({ prefix, suffix }: { prefix: string; suffix: string }): boolean {
  return prefix.trim() !== '' && !/^[\p{L}\p{N}_$]/u.test(suffix);
}

/** What the model wrote without what stands behind the cursor already; empty where nothing is left. */
export function tidied(filling: string, suffix: string): string {
  const next = suffix
    .split('\n')
    .find((line) => line.trim() !== '')
    ?.trim();
  const lines = filling.trimEnd().split('\n');
  // Models like to close what the text behind the cursor closes.
  if (lines.length > 1 && next !== undefined && lines.at(-1)?.trim() === next) {
    lines.pop();
  }
  return lines.join('\n').trimEnd();
}
