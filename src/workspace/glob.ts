/**
 * Whether a path (with `/`) is one of those that a pattern names, as in .gitignore: `*` and `?` stay within a name, `**`
 * does not, a pattern without `/` names files and folders at any depth, and a folder names everything in it.
 */
export function globMatcher(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map(expressionOf);
  return (path) => expressions.some((expression) => expression.test(path));
}

/** The patterns of a setting: separated by commas. */
export function patternsOf(text: string): string[] {
  return text
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '');
}

/** A pattern that names this file, or a function of it; what has a meaning in patterns is matched by `?`. */
export function patternFor(file: string, name?: string): string {
  return `/${file.replaceAll(/[*?,#]/g, '?')}${name === undefined ? '' : `#${name}`}`;
}

function expressionOf(pattern: string): RegExp {
  const plain = pattern.replace(/^\.?\//, '').replace(/\/$/, '');
  const isAnchored = /^\.?\//.test(pattern) || plain.includes('/');
  const body = plain
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => wildcards[part] ?? part.replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`))
    .join('');
  return new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${body}(?:/.*)?$`, 's');
}

const wildcards: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };
