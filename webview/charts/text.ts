/** Pixels of a text in the charts' small print, roughly; letters beyond Latin ones are square. */
export function textWidth(text: string): number {
  return Array.from(text).reduce((sum, letter) => sum + (letter > '\u024f' ? 11.2 : 6.4), 0);
}

/** The text, or as much of it as fits into so many pixels with `…` behind it. */
export function fitText(text: string, pixels: number): string {
  if (textWidth(text) <= pixels) {
    return text;
  }
  const letters = Array.from(text);
  while (letters.length > 1 && textWidth(`${letters.join('')}…`) > pixels) {
    letters.pop();
  }
  return `${letters.join('').trimEnd()}…`;
}
