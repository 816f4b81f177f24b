/**
 * Characters that steer a terminal or turn the order of what is read: control characters but line feed and tab, marks of
 * direction, line and paragraph separators, the byte order mark.
 */
const steering = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/g;

/** Text of a model, a program or a file from elsewhere with such characters shown as `\x1b` or `\u202e`. */
export function visibleText(text: string): string {
  return text.replaceAll(steering, (char) => {
    const code = char.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** Longest label, characters. */
const longestLabel = 200;

/** {@link visibleText} on one line, for labels of the editor, which draws an icon for `$(name)`. */
export function labelText(text: string): string {
  const line = visibleText(text.replaceAll(/\s+/g, ' ').trim()).replaceAll('$(', '$ (');
  return line.length <= longestLabel ? line : `${line.slice(0, longestLabel - 1)}…`;
}
