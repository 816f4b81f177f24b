import { type AnyNode, type Options, type Program, type Token, parse as parseProgram } from 'acorn';
import { fullAncestor } from 'acorn-walk';
import { createHash } from 'node:crypto';
import { uniform } from '../../base/random.ts';
import { editsOf, type Edit, type MutationOperator } from './mutation-operators.ts';

/** A program with one small mistake. */
export interface Mutant {
  /** First 16 hexadecimal digits of the SHA-256 of `source`. */
  id: string;
  operator: MutationOperator;
  /** Line of the mistake, from 1. */
  line: number;
  /** The text in the original, and in the mutant; cut to a readable length. */
  before: string;
  after: string;
  source: string;
}

/** Longest text of a change that is shown, characters. */
const maximumShown = 120;

/**
 * Mutants of a JavaScript program, each with one change, in the order of the source; those with the text of the original
 * or of an earlier mutant are skipped, and those that do not parse. `limit`: the most mutants, drawn by `seed` and
 * the number of the change. A source that does not parse has none.
 */
export function mutantsOf(
  source: string,
  { limit = Infinity, seed = 0 }: { limit?: number; seed?: number } = {},
): Mutant[] {
  const tokens: Token[] = [];
  const program = tryParse(source, { onToken: tokens });
  if (!program) {
    return [];
  }
  const edits: Edit[] = [];
  fullAncestor(program, (node: AnyNode, _state: unknown, path: AnyNode[]) => {
    if (!path.some((part) => readsInput(part, source))) {
      // The path ends with the node itself.
      edits.push(...editsOf(node, { source, tokens, ancestors: path.slice(0, -1) }));
    }
  });
  const seen = new Set([source]);
  const mutants = edits
    .toSorted((a, b) => a.start - b.start || a.end - b.end)
    .map((edit) => mutantOf(source, edit))
    .filter((mutant) => {
      const isNew = !seen.has(mutant.source);
      seen.add(mutant.source);
      return isNew && tryParse(mutant.source) !== undefined;
    });
  if (mutants.length <= limit) {
    return mutants;
  }
  const drawn = mutants
    .map((_, index) => ({ index, rank: uniform(seed, index) }))
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, limit);
  const kept = new Set(drawn.map(({ index }) => index));
  return mutants.filter((_, index) => kept.has(index));
}

/** As a CommonJS module or script, else as an ES module; undefined where it is neither. */
export function tryParse(source: string, options: Partial<Options> = {}): Program | undefined {
  for (const sourceType of ['script', 'module'] as const) {
    try {
      return parseProgram(source, {
        ...options,
        ecmaVersion: 'latest',
        sourceType,
        allowReturnOutsideFunction: sourceType === 'script',
      });
    } catch {
      // The other form, or none: nesting too deep for the parser's own stack is no program here either.
    }
  }
  return undefined;
}

/** A call on the text of standard input: how it is split is the same in all programs, and not their logic. */
function readsInput(node: AnyNode, source: string): boolean {
  return node.type === 'CallExpression' && source.slice(node.callee.start, node.callee.end).includes('readFileSync');
}

function mutantOf(source: string, { operator, start, end, text }: Edit): Mutant {
  const mutated = `${source.slice(0, start)}${text}${source.slice(end)}`;
  return {
    id: createHash('sha256').update(mutated).digest('hex').slice(0, 16),
    operator,
    line: source.slice(0, start).split('\n').length,
    before: shown(source.slice(start, end)),
    after: shown(text),
    source: mutated,
  };
}

function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > maximumShown ? `${line.slice(0, maximumShown - 1)}…` : line;
}
