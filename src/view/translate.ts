/**
 * A text in the reader's language with `{0}`, `{1}`, … filled in. The extension host and its pages have the editor's
 * language, the command line has {@link english}.
 */
export type Translate = (text: string, ...values: (string | number)[]) => string;

/** Puts values in the places of `{0}`, `{1}`, …; places without a value become empty. */
export function fill(text: string, values: readonly (string | number)[]): string {
  return text.replaceAll(/\{(\d+)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));
}

/** Texts as they are in the sources. */
export const english: Translate = (text, ...values) => fill(text, values);
