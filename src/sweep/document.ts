import { BoundaryError } from '../base/errors.ts';
import { notes, type Rows, runRows, variantRows } from './tables.ts';
import type { SweepResults } from './results.ts';

/** The tables of a sweep as Markdown. `figure`: address of its picture, seen from the document. */
export function resultsMarkdown(results: SweepResults, figure: string): string {
  return [
    `![${results.name}: held-out results and curves by variant](${encodeURI(figure)})`,
    `All runs: \`${results.base.replaceAll('`', "'")}\`; each variant with its settings besides.`,
    markdownTable(variantRows(results)),
    notes(results),
    `Every run, in the order of \`${results.command}\`:`,
    markdownTable(runRows(results)),
  ].join('\n\n');
}

function markdownTable([head = [], ...body]: Rows): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

/** Names of models and messages of failures may hold what Markdown would read as its own. */
function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll(/[\\|<*_`[\]]/g, (sign) => `\\${sign}`);
}

/**
 * Puts `block` between the markers of a sweep in the text of a document, or behind its end where there are none; what
 * else the document says is left as it is. Throws BoundaryError('usage') where the markers are not one pair: nothing is
 * overwritten on a guess.
 */
export function withBlock(document: string, name: string, block: string): string {
  const [open, close] = [`<!-- sweep:${name} -->`, `<!-- /sweep:${name} -->`];
  const starts = document.split(open).length - 1;
  const ends = document.split(close).length - 1;
  const content = `${open}\n\n${block}\n\n${close}`;
  if (starts === 0 && ends === 0) {
    const before = document === '' ? '# Results\n\n' : `${document.trimEnd()}\n\n`;
    return `${before}## ${name}\n\n${content}\n`;
  }
  const [from, to] = [document.indexOf(open), document.indexOf(close)];
  if (starts !== 1 || ends !== 1 || to < from) {
    throw new BoundaryError(
      'usage',
      `The document has ${starts} × ${open} and ${ends} × ${close} instead of one pair, the first in front.`,
      'Mend the markers, or remove them all to have the tables put at the end.',
    );
  }
  return document.slice(0, from) + content + document.slice(to + close.length);
}
