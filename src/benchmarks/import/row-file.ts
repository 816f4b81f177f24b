import type { ImportReason } from '../../protocol/imports.ts';

/** Longest row that is looked at, bytes of JSON or characters of text. */
export const maxRowBytes = 32 * 2 ** 20;

/** One row of a file: its value, or why it has none. */
export interface RawRow {
  /** From 1; of JSON lines the number of the line. */
  number: number;
  row: { value: unknown } | { fault: ImportReason };
  /** How much of the file has been read, in [0, 1]. */
  share: number;
}

/** A file of rows. It is read as a stream: what is held at once does not grow with it. */
export interface RowFile {
  /** Its name, for people. */
  readonly label: string;
  /** Names of its columns; of JSON those of the first object. Empty where there is none. */
  columns(): Promise<string[]>;
  /** `wanted`: columns that are looked at; a file may leave out the others. */
  rows(wanted: readonly string[]): AsyncIterable<RawRow>;
}
