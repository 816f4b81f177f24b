import { Script } from 'node:vm';
import type { Language } from '../sandbox.ts';

/** The program in an answer. */
export interface Extracted {
  source: string;
  language: Language;
}

interface Block {
  tag: string;
  source: string;
}

/** Tags of fences, and the languages that they stand for. */
const scriptTags: Readonly<Record<string, Language>> = {
  '': 'javascript',
  js: 'javascript',
  javascript: 'javascript',
  mjs: 'javascript',
  cjs: 'javascript',
  jsx: 'javascript',
  node: 'javascript',
  nodejs: 'javascript',
  ts: 'typescript',
  mts: 'typescript',
  cts: 'typescript',
  typescript: 'typescript',
};
const pythonTags: Readonly<Record<string, Language>> = {
  '': 'python',
  py: 'python',
  python: 'python',
  python3: 'python',
};

/** Longest text that is tried as a program as it stands. */
const maxBareText = 100_000;

/**
 * The program in a completion: its last fenced block of JavaScript or TypeScript (or of Python, where that is wanted) that
 * is not empty (a block that is cut off counts to the end), else the whole text where that is a program. Undefined where
 * there is none.
 */
export function extractCode(completion: string, wanted: Language = 'javascript'): Extracted | undefined {
  const tags = wanted === 'python' ? pythonTags : scriptTags;
  const last = fencedBlocks(completion)
    .filter(({ tag, source }) => Object.hasOwn(tags, tag) && source.trim() !== '')
    .at(-1);
  if (last !== undefined) {
    return { source: last.source, language: tags[last.tag] ?? wanted };
  }
  return wanted === 'python' ? barePython(completion) : bareProgram(completion);
}

/** Fenced code blocks as CommonMark has them: a fence closes with at least as many of the same character. */
function fencedBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; tag: string; lines: string[] } | undefined;
  for (const line of text.split(/\r?\n/)) {
    const fence = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/.exec(line);
    if (open === undefined) {
      if (fence !== null) {
        open = { fence: fence[1] ?? '', tag: (fence[2] ?? '').toLowerCase(), lines: [] };
      }
    } else if (fence !== null && fence[1]?.startsWith(open.fence) === true && line.trim() === fence[1]) {
      blocks.push({ tag: open.tag, source: open.lines.join('\n') });
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  return open === undefined ? blocks : [...blocks, { tag: open.tag, source: open.lines.join('\n') }];
}

/** Parsing runs nothing. A word or a sentence may parse too, so that something must be declared or called. */
function bareProgram(text: string): Extracted | undefined {
  if (
    text.length > maxBareText ||
    /^ {0,3}(?:```|~~~)/m.test(text) ||
    !/\b(?:function|class|const|let|var|async)\b|=>|console\.|\w\(/.test(text)
  ) {
    return undefined;
  }
  return parses(text) ? { source: text, language: 'javascript' } : undefined;
}

/** Nothing here parses Python: a definition or an import at the start of a line has to do. */
function barePython(text: string): Extracted | undefined {
  const isProgram = !/^ {0,3}(?:```|~~~)/m.test(text) && /^(?:def|class|from|import|async def)\s+\w/m.test(text);
  return isProgram ? { source: text, language: 'python' } : undefined;
}

function parses(source: string): boolean {
  // A script cannot hold these, and what is left without them is one.
  const script = source.replace(/^\s*export\s+(?:default\s+)?/gm, '').replace(/^\s*import\s[^;\n]*;?$/gm, '');
  try {
    new Script(`async () => {${script}\n}`);
    return true;
  } catch {
    return false;
  }
}
