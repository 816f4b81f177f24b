import type { Inspection } from './inspection.ts';

/** console.table as Node draws it; undefined for what is no table. Turned into text (compose.ts): self-contained. */
export function makeTable(inspection: Inspection): (data: unknown, columns?: unknown) => string | undefined {
  const { inspect } = inspection;
  const indexHead = '(index)';
  const iterationHead = '(iteration index)';
  const keyHead = 'Key';
  const valueHead = 'Values';

  function cell(value: unknown): string {
    const list = Array.isArray(value) || ArrayBuffer.isView(value);
    const large = typeof value === 'object' && value !== null && !list && Object.keys(value).length > 2;
    return inspect(value, { maxArrayLength: 3, breakLength: Infinity, depth: large ? -1 : 0 });
  }

  /** Columns that terminals give a text: characters that combine take none, those of East Asia two. */
  function widthOf(text: string): number {
    let width = 0;
    for (const character of text.normalize('NFC')) {
      const code = character.codePointAt(0) ?? 0;
      if (!/\p{Mark}/u.test(character)) {
        width += isWide(code) ? 2 : 1;
      }
    }
    return width;
  }
  function isWide(code: number): boolean {
    return (
      (code >= 0x1100 && code <= 0x115f) ||
      (code >= 0x2e80 && code <= 0x3247) ||
      (code >= 0x3250 && code <= 0xa4c6) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xff01 && code <= 0xff60) ||
      (code >= 0x1f300 && code <= 0x1faff) ||
      (code >= 0x20000 && code <= 0x3fffd)
    );
  }

  function draw(heads: string[], columns: string[][]): string {
    const rows = Math.max(...columns.map((column) => column.length));
    const widths = heads.map((head, index) => Math.max(...[head, ...(columns[index] ?? [])].map(widthOf)) + 2);
    const rule = (left: string, middle: string, right: string): string =>
      left + widths.map((width) => '─'.repeat(width)).join(middle) + right;
    const row = (cells: string[]): string =>
      `│${cells.map((text, index) => ` ${text}${' '.repeat((widths[index] ?? 0) - widthOf(text) - 1)}`).join('│')}│`;
    const body = Array.from({ length: rows }, (_, index) => row(columns.map((column) => column[index] ?? '')));
    return [rule('┌', '┬', '┐'), row(heads), rule('├', '┼', '┤'), ...body, rule('└', '┴', '┘')].join('\n');
  }

  function ofEntries(data: Map<unknown, unknown>): string {
    const keys = [...data.keys()];
    return draw(
      [iterationHead, keyHead, valueHead],
      [keys.map((_, index) => String(index)), keys.map(cell), [...data.values()].map(cell)],
    );
  }

  function ofRecords(data: object, wanted: unknown): string {
    const names = Object.keys(data);
    // In the order of the keys of an object, where those that are indices come first.
    const fields = Object.create(null) as Record<string, string[] | undefined>;
    const plain: (string | undefined)[] = names.map(() => undefined);
    names.forEach((name, row) => {
      const record: unknown = Reflect.get(data, name);
      if ((typeof record !== 'object' && typeof record !== 'function') || record === null) {
        plain[row] = cell(record);
        return;
      }
      for (const field of Array.isArray(wanted) ? wanted.map(String) : Object.keys(record)) {
        const column = (fields[field] ??= names.map(() => ''));
        column[row] = Object.hasOwn(record, field) ? cell(Reflect.get(record, field)) : '';
      }
    });
    const last = plain.some((text) => text !== undefined) ? [plain.map((text) => text ?? '')] : [];
    const heads = [indexHead, ...Object.keys(fields), ...last.map(() => valueHead)];
    return draw(heads, [names, ...Object.values(fields).map((column) => column ?? []), ...last]);
  }

  return (data, columns) => {
    if (typeof data !== 'object' || data === null) {
      return undefined;
    }
    if (data instanceof Map) {
      return ofEntries(data);
    }
    if (data instanceof Set) {
      const values = [...data];
      return draw([iterationHead, valueHead], [values.map((_, index) => String(index)), values.map(cell)]);
    }
    return ofRecords(data, columns);
  };
}
