import ts from 'typescript';
import type { Candidate, FunctionPlace, RejectedFunction, RejectedFunctionReason } from '../protocol/seed.ts';
import { type Definition, type FileNames, topLevelOf } from './definitions.ts';
import { holdsSecret } from './file-rules.ts';
import { guessTypes } from './input-types.ts';

/** Longest source of a function with what it needs, characters: it has to fit into a prompt. */
const maximumSource = 1000;

/** Longest first paragraph of a doc comment that is kept, characters. */
const maximumDoc = 300;

/** What every realm has, and what gives the same for the same arguments. */
const languageNames = new Set(
  `Array ArrayBuffer BigInt Boolean DataView Date Error EvalError Float32Array Float64Array Infinity Int8Array Int16Array
  Int32Array Intl JSON Map Math NaN Number Object RangeError ReferenceError Reflect RegExp Set String Symbol SyntaxError
  TypeError URIError Uint8Array Uint8ClampedArray Uint16Array Uint32Array WeakMap WeakSet decodeURI decodeURIComponent
  encodeURI encodeURIComponent isFinite isNaN parseFloat parseInt undefined`.split(/\s+/),
);

/** What reaches out of a function: files, network, screen, time, other programs. */
const outsideNames = new Set(
  `Bun Deno Function XMLHttpRequest __dirname __filename alert clearInterval clearTimeout console document eval exports
  fetch global globalThis localStorage location module navigator performance process require self sessionStorage
  setImmediate setInterval setTimeout structuredClone window queueMicrotask`.split(/\s+/),
);

/** The functions of a file: those that may be pure, and the others with the reason. `path` is relative to the folder. */
export function functionsOf(path: string, text: string): { candidates: Candidate[]; rejected: RejectedFunction[] } {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const names = topLevelOf(file);
  const candidates: Candidate[] = [];
  const rejected: RejectedFunction[] = [];
  for (const definition of names.definitions.values()) {
    if (definition.function) {
      const place = { file: path, line: lineOf(definition, file), name: definition.name };
      const result = candidateOf(place, definition, definition.function, names, file);
      if ('reason' in result) {
        rejected.push({ ...place, ...result });
      } else {
        candidates.push(result);
      }
    }
  }
  return { candidates, rejected };
}

type Objection = Pick<RejectedFunction, 'reason' | 'detail'>;

function candidateOf(
  place: FunctionPlace,
  definition: Definition,
  node: NonNullable<Definition['function']>,
  names: FileNames,
  file: ts.SourceFile,
): Candidate | Objection {
  if (node.asteriskToken) {
    return because('asynchronous', 'It is a generator.');
  }
  const parts = gather(definition, names);
  if ('reason' in parts) {
    return parts;
  }
  const guesses = guessTypes(node, file);
  if (!Array.isArray(guesses)) {
    return because('parameters', guesses.fault);
  }
  const order = [...names.definitions.keys()];
  const whole = [...parts].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const text = whole.map((part) => part.text).join('\n\n');
  if (text.length > 4 * maximumSource) {
    return tooLong(text.length);
  }
  if (holdsSecret(text)) {
    return because('secret', 'It holds what looks like a password or key.');
  }
  const source = withoutTypes(text);
  if (source.length > maximumSource) {
    return tooLong(source.length);
  }
  return {
    ...place,
    ...{ source, guesses, doc: docOf(definition.statement) },
    parameters: node.parameters.map(({ name }) => name.getText(file)),
    literals: literalsOf(whole.map(({ function: inner, statement }) => inner ?? statement)),
  };
}

/** A definition with all that it needs of its file, in no order, or what stands against it. */
function gather(start: Definition, { definitions, fixed }: FileNames): Definition[] | Objection {
  const parts = new Set<Definition>();
  const waiting = [start];
  for (let part = waiting.pop(); part; part = waiting.pop()) {
    if (parts.has(part)) {
      continue;
    }
    parts.add(part);
    const own = objectionTo(part);
    if (own) {
      return own;
    }
    for (const name of part.references.free) {
      const needed = definitions.get(name);
      const objection = needed ? undefined : objectionToName(name, fixed.get(name));
      if (objection) {
        return objection;
      }
      if (needed) {
        waiting.push(needed);
      }
    }
  }
  return [...parts];
}

function objectionTo({ name, references, function: node }: Definition): Objection | undefined {
  if (references.awaits || node?.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)) {
    return because('asynchronous', `${name} waits for something.`);
  }
  if (references.loadsModules) {
    return because('imports', `${name} loads a module.`);
  }
  if (references.usesThis) {
    return because('this', `${name} uses this, or elements of a page.`);
  }
  return references.usesArguments ? because('parameters', `${name} uses arguments.`) : undefined;
}

function objectionToName(name: string, fixed: ReturnType<FileNames['fixed']['get']>): Objection | undefined {
  switch (fixed) {
    case 'import':
      return because('imports', `It uses ${name} of another file.`);
    case 'state':
      return because('outside', `It uses the variable ${name}.`);
    case 'class':
      return because('outside', `It uses the class ${name}.`);
    default:
      if (languageNames.has(name)) {
        return undefined;
      }
      if (name === 'Promise') {
        return because('asynchronous', 'It makes promises.');
      }
      return outsideNames.has(name)
        ? because('input_output', `It uses ${name}.`)
        : because('outside', `It uses ${name}, which its file does not define.`);
  }
}

function because(reason: RejectedFunctionReason, detail: string): Objection {
  return { reason, detail };
}

function tooLong(length: number): Objection {
  return because('too_long', `With what it needs it has ${length} characters; ${maximumSource} fit into a prompt.`);
}

function lineOf({ function: node, statement }: Definition, file: ts.SourceFile): number {
  return file.getLineAndCharacterOfPosition((node ?? statement).getStart(file)).line + 1;
}

/** JavaScript without types and comments, indented by two. */
function withoutTypes(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    fileName: 'function.ts',
    compilerOptions: {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.ESNext,
      removeComments: true,
      alwaysStrict: false,
    },
  });
  const code = outputText.trim();
  // The lines of a template text are part of it.
  return code.includes('`') ? code : code.replaceAll(/^(?: {4})+/gm, (indent) => indent.slice(indent.length / 2));
}

function docOf(statement: ts.Statement): string {
  const comments = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc);
  const text = ts.getTextOfJSDocComment(comments.at(-1)?.comment) ?? '';
  const [paragraph = ''] = text.trim().split(/\n\s*\n/);
  const line = paragraph.replaceAll(/\s+/g, ' ').trim();
  return line.length <= maximumDoc ? line : '';
}

/** Short texts and numbers of the source: a function often tells its inputs apart by them. */
function literalsOf(nodes: readonly ts.Node[]): Candidate['literals'] {
  const strings = new Set<string>();
  const numbers = new Set<number>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) && node.text.length <= 20) {
      strings.add(node.text);
    } else if (ts.isNumericLiteral(node) && Math.abs(Number(node.text)) <= 1e6) {
      numbers.add(Number(node.text));
    }
    ts.forEachChild(node, visit);
  };
  nodes.forEach(visit);
  return { strings: [...strings].slice(0, 24), numbers: [...numbers].slice(0, 24) };
}
