import { stripVTControlCharacters, styleText } from 'node:util';

type Colour = Exclude<Parameters<typeof styleText>[0], readonly unknown[]>;

/** Coloured where standard error is a terminal that shows colours (NO_COLOR is respected). */
export function paint(colour: Colour, text: string): string {
  return styleText(colour, text, { stream: process.stderr });
}

/** Progress goes to standard error: lines that stay, and on a terminal one line at the bottom that is redrawn. */
export interface ProgressOutput {
  readonly isTerminal: boolean;
  line(text: string): void;
  /** Draws the bottom line; where standard error is no terminal, see {@link createProgressOutput}. */
  status(text: string): void;
  clear(): void;
}

/**
 * Progress on `stream`. A program that shows it to a person sets SELFQ_PROGRESS_MS: then a stream that is no terminal
 * gets the bottom line as a separate line, at most that often; otherwise not at all.
 */
export function createProgressOutput(
  stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'> = process.stderr,
  lineEveryMs = Number(process.env['SELFQ_PROGRESS_MS'] ?? NaN),
): ProgressOutput {
  const isTerminal = stream.isTTY;
  let saidAt = -Infinity;
  let drawn = '';
  const erase = (): void => {
    if (drawn !== '') {
      stream.write('\r\u001B[K');
    }
  };
  return {
    isTerminal,
    line(text) {
      erase();
      stream.write(`${text}\n`);
      if (drawn !== '') {
        stream.write(drawn);
      }
    },
    status(text) {
      if (!isTerminal) {
        if (performance.now() - saidAt >= lineEveryMs) {
          saidAt = performance.now();
          stream.write(`${text}\n`);
        }
        return;
      }
      erase();
      drawn = cut(text, stream.columns - 1);
      stream.write(drawn);
    },
    clear() {
      erase();
      drawn = '';
    },
  };
}

/** `▕██████░░░░▏` of `width` cells; `share` in [0, 1]. */
export function bar(share: number, width = 20): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `▕${'█'.repeat(filled)}${'░'.repeat(width - filled)}▏`;
}

/** Text written by a model, on one line, without control sequences, at most `width` characters. */
export function oneLine(text: string, width: number): string {
  // What a model writes must not steer the terminal.
  const plain = stripVTControlCharacters(text)
    .replaceAll(/[\u0000-\u001F\u007F-\u009F\s]+/g, ' ')
    .trim();
  return plain.length <= width ? plain : `${plain.slice(0, Math.max(0, width - 1))}…`;
}

/** Two texts beside each other on `columns` columns, long lines wrapped; without control sequences. */
export function sideBySide(left: string, right: string, columns: number): string {
  const half = Math.max(20, Math.floor((columns - 3) / 2));
  const [first, second] = [wrapped(left, half), wrapped(right, half)];
  const rows = Array.from({ length: Math.max(first.length, second.length) }, (_, i) =>
    `${(first[i] ?? '').padEnd(half)} │ ${second[i] ?? ''}`.trimEnd(),
  );
  return rows.join('\n');
}

function wrapped(text: string, columns: number): string[] {
  const plain = stripVTControlCharacters(text)
    .replaceAll('\t', '  ')
    .replaceAll(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/g, ' ');
  return plain
    .trimEnd()
    .split('\n')
    .flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']);
}

/** Rows under each other; the first is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ''))));
  const draw = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows.map(draw);
  return [head ?? '', widths.map((cells) => '─'.repeat(cells)).join('  '), ...body].join('\n');
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Cuts what would wrap, which would spoil the redrawing; colours are dropped from a cut line. */
function cut(text: string, columns: number): string {
  const plain = stripVTControlCharacters(text);
  return plain.length <= columns ? text : `${plain.slice(0, Math.max(0, columns - 1))}…`;
}
