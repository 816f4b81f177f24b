/**
 * What console.log makes of its arguments, in Node's layout: 72 columns for what fits on a line, arrays of more than six
 * short items in columns, three levels deep. `inspector` is turned into text (shim.ts) and must be self-contained.
 */
export interface Inspector {
  inspect(value: unknown, options?: { depth?: number | null }): string;
  format(...parts: unknown[]): string;
}

export function inspector(): Inspector {
  const lineWidth = 80;
  const maxItems = 100;

  interface Walk {
    depth: number;
    seen: object[];
    circular: Map<object, number>;
    indent: number;
    current: number;
  }

  function quote(text: string): string {
    const mark = !text.includes("'")
      ? "'"
      : !text.includes('"')
        ? '"'
        : !text.includes('`') && !text.includes('${')
          ? '`'
          : "'";
    const named: Record<string, string> = {
      '\n': '\\n',
      '\t': '\\t',
      '\r': '\\r',
      '\b': '\\b',
      '\f': '\\f',
      '\v': '\\v',
      '\\': '\\\\',
    };
    let body = '';
    for (const unit of text) {
      const code = unit.charCodeAt(0);
      const escaped = named[unit];
      if (escaped !== undefined) {
        body += escaped;
      } else if (unit === mark) {
        body += '\\' + unit;
      } else if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) {
        body += '\\x' + code.toString(16).toUpperCase().padStart(2, '0');
      } else if (unit.length === 1 && code >= 0xd800 && code <= 0xdfff) {
        body += '\\u' + code.toString(16).toUpperCase();
      } else {
        body += unit;
      }
    }
    return mark + body + mark;
  }

  function primitive(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return quote(value);
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value);
      case 'bigint':
        return `${value}n`;
      default:
        return String(value);
    }
  }

  function keyText(key: string | symbol): string {
    if (typeof key === 'symbol') {
      return String(key);
    }
    return /^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key) ? key : quote(key);
  }

  function constructorName(value: object): string | null {
    for (let holder: object | null = value; holder !== null; holder = Object.getPrototypeOf(holder) as object | null) {
      const descriptor = Object.getOwnPropertyDescriptor(holder, 'constructor');
      const maker: unknown = descriptor?.value;
      if (typeof maker === 'function' && maker.name !== '' && value instanceof maker) {
        return maker.name;
      }
    }
    return null;
  }

  function memberKeys(value: object, list: boolean): (string | symbol)[] {
    const isIndex = (key: string): boolean => /^(?:0|[1-9]\d*)$/.test(key) && Number(key) < 2 ** 32 - 1;
    const names = Object.keys(value).filter((key) => !list || !isIndex(key));
    const symbols = Object.getOwnPropertySymbols(value).filter((key) =>
      Object.prototype.propertyIsEnumerable.call(value, key),
    );
    return [...names, ...symbols];
  }

  function member(value: object, key: string | symbol, walk: Walk): string {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    let text: string;
    if (descriptor?.get !== undefined) {
      text = descriptor.set !== undefined ? '[Getter/Setter]' : '[Getter]';
    } else if (descriptor?.set !== undefined) {
      text = '[Setter]';
    } else {
      walk.indent += 2;
      text = show(descriptor?.value, walk);
      walk.indent -= 2;
    }
    return `${keyText(key)}: ${text}`;
  }

  function show(value: unknown, walk: Walk): string {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) {
      return primitive(value);
    }
    if (walk.seen.includes(value)) {
      if (!walk.circular.has(value)) {
        walk.circular.set(value, walk.circular.size + 1);
      }
      return `[Circular *${walk.circular.get(value)}]`;
    }
    return showObject(value, walk);
  }

  interface Shape {
    open: string;
    close: string;
    items: string[];
    /** The array whose items are laid out in columns. */
    columns?: ArrayLike<unknown>;
    /** Text that stands alone when there is nothing inside. */
    alone?: string;
  }

  function showObject(value: object, walk: Walk): string {
    const deep = walk.seen.length > walk.depth;
    const name = constructorName(value);
    const empty = isEmpty(value);
    if (deep && !empty) {
      return Array.isArray(value) ? '[Array]' : `[${name === null ? 'Object: null prototype' : name}]`;
    }
    walk.current = empty ? walk.current : walk.seen.length;
    walk.seen.push(value);
    const shape = shapeOf(value, name, walk);
    walk.seen.pop();
    if (shape.items.length === 0 && shape.alone !== undefined) {
      return shape.alone;
    }
    const reference = walk.circular.get(value);
    const prefix = reference === undefined ? '' : `<ref *${reference}> `;
    return layout(shape, prefix, walk);
  }

  /** What has nothing inside is shown at any depth. */
  function isEmpty(value: object): boolean {
    if (value instanceof Map || value instanceof Set) {
      return value.size === 0;
    }
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      return (value as ArrayLike<unknown>).length === 0;
    }
    return loneText(value, '') !== undefined || memberKeys(value, false).length === 0;
  }

  function shapeOf(value: object, name: string | null, walk: Walk): Shape {
    if (Array.isArray(value)) {
      return arrayShape(value, name, walk);
    }
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      const data = Array.from(value as Uint8Array, (item: unknown) => primitive(item));
      return {
        open: `${name}(${data.length}) [`,
        close: ']',
        items: cutItems(data),
        columns: value as Uint8Array,
        alone: `${name}(0) []`,
      };
    }
    if (value instanceof Map) {
      walk.indent += 2;
      const items = [...value].map(([key, item]) => `${show(key, walk)} => ${show(item, walk)}`);
      walk.indent -= 2;
      return { open: `${name}(${value.size}) {`, close: '}', items, alone: `${name}(0) {}` };
    }
    if (value instanceof Set) {
      walk.indent += 2;
      const items = [...value].map((item) => show(item, walk));
      walk.indent -= 2;
      return { open: `${name}(${value.size}) {`, close: '}', items, alone: `${name}(0) {}` };
    }
    const items = memberKeys(value, value instanceof String).map((key) => member(value, key, walk));
    const alone = loneText(value, name);
    if (alone !== undefined) {
      return { open: `${items.length === 0 ? alone : `{ ${alone}`.slice(2)} {`, close: '}', items, alone };
    }
    const label = name === 'Object' ? '' : name === null ? '[Object: null prototype] ' : `${name} `;
    return { open: `${label}{`, close: '}', items, alone: `${label}{}` };
  }

  function loneText(value: object, name: string | null): string | undefined {
    if (typeof value === 'function') {
      const isClass = /^class\b/.test(Function.prototype.toString.call(value));
      const label = value.name === '' ? '(anonymous)' : value.name;
      const kind = name === null ? 'Function' : name;
      return isClass ? `[class ${label}]` : `[${kind}${value.name === '' ? ' ' : ': '}${label}]`;
    }
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    }
    if (value instanceof RegExp) {
      return String(value);
    }
    if (value instanceof Error) {
      return value.stack ?? `[${String(value)}]`;
    }
    if (value instanceof Number || value instanceof String || value instanceof Boolean) {
      return `[${name}: ${primitive(value.valueOf())}]`;
    }
    if (value instanceof Promise) {
      return 'Promise { <pending> }';
    }
    return value instanceof WeakMap || value instanceof WeakSet ? `${name} { <items unknown> }` : undefined;
  }

  function arrayShape(value: readonly unknown[], name: string | null, walk: Walk): Shape {
    const items: string[] = [];
    const shown = Math.min(value.length, maxItems);
    walk.indent += 2;
    let index = 0;
    while (index < value.length && items.length < shown) {
      if (Object.hasOwn(value, index)) {
        items.push(show(value[index], walk));
        index += 1;
        continue;
      }
      const start = index;
      while (index < value.length && !Object.hasOwn(value, index)) {
        index += 1;
      }
      items.push(`<${index - start} empty item${index - start > 1 ? 's' : ''}>`);
    }
    walk.indent -= 2;
    if (index < value.length) {
      const left = value.length - index;
      items.push(`... ${left} more item${left > 1 ? 's' : ''}`);
    }
    items.push(...memberKeys(value, true).map((key) => member(value, key, walk)));
    const label = name === 'Array' ? '' : `${name}(${value.length}) `;
    return { open: `${label}[`, close: ']', items, columns: value, alone: `${label}[]` };
  }

  function cutItems(items: readonly string[]): string[] {
    const left = items.length - maxItems;
    return left > 0 ? [...items.slice(0, maxItems), `... ${left} more item${left > 1 ? 's' : ''}`] : [...items];
  }

  /** One line where at most two levels deep and short enough, else one item (or one row of columns) a line. */
  function layout(shape: Shape, prefix: string, walk: Walk): string {
    const entries = shape.items.length;
    const rows =
      shape.columns !== undefined && entries > 6 ? inColumns(shape.items, walk.indent, shape.columns) : shape.items;
    if (walk.current - walk.seen.length < 3 && entries === rows.length) {
      const start = rows.length + walk.indent + shape.open.length + prefix.length + 10;
      const text = rows.reduce((sum, row) => sum + row.length, 0);
      if (start + rows.length + Math.max(rows.length, text) <= lineWidth && !rows.some((row) => row.includes('\n'))) {
        return `${prefix}${shape.open} ${rows.join(', ')} ${shape.close}`;
      }
    }
    const margin = `\n${' '.repeat(walk.indent)}`;
    return `${prefix}${shape.open}${margin}  ${rows.join(`,${margin}  `)}${margin}${shape.close}`;
  }

  /** Columns of about 2.5 times as many characters across as items down, at most 16, numbers flush right. */
  function inColumns(items: readonly string[], indent: number, values: ArrayLike<unknown>): string[] {
    const last = items.at(-1) ?? '';
    const more = /^\.\.\. \d+ more items?$/.test(last) ? 1 : 0;
    const count = items.length - more;
    const gap = 2;
    const widths = items.slice(0, count).map((item) => item.length + gap);
    const widest = Math.max(...widths);
    const total = widths.reduce((sum, width) => sum + width, 0);
    if (widest * 3 + indent >= lineWidth || (total / widest <= 5 && widest > 6 + gap)) {
      return [...items];
    }
    const bias = Math.sqrt(widest - total / items.length);
    const biased = Math.max(widest - 3 - bias, 1);
    const across = Math.min(
      Math.round(Math.sqrt(2.5 * biased * count) / biased),
      Math.floor((lineWidth - indent) / widest),
      3 * 4,
      15,
    );
    if (across <= 1) {
      return [...items];
    }
    const columnWidths: number[] = [];
    for (let column = 0; column < across; column += 1) {
      let width = 0;
      for (let index = column; index < count; index += across) {
        width = Math.max(width, widths[index] ?? 0);
      }
      columnWidths.push(width);
    }
    const flushRight = items.every(
      (_, index) => typeof values[index] === 'number' || typeof values[index] === 'bigint',
    );
    const rows: string[] = [];
    for (let start = 0; start < count; start += across) {
      const end = Math.min(start + across, count);
      let row = '';
      for (let index = start; index < end; index += 1) {
        const item = items[index] ?? '';
        const width = columnWidths[index - start] ?? 0;
        const separated = index === end - 1 ? item : `${item}, `;
        if (flushRight) {
          row += index === end - 1 ? item.padStart(width - gap) : separated.padStart(width);
        } else {
          row += index === end - 1 ? item : separated.padEnd(width);
        }
      }
      rows.push(row);
    }
    return more === 1 ? [...rows, last] : rows;
  }

  function inspect(value: unknown, options: { depth?: number | null } = {}): string {
    const depth = options.depth === null ? Infinity : (options.depth ?? 2);
    return show(value, { depth, seen: [], circular: new Map(), indent: 0, current: 0 });
  }

  function format(...parts: unknown[]): string {
    const [first, ...rest] = parts;
    let text = '';
    if (typeof first === 'string' && rest.length > 0) {
      text = first.replace(/%[sdifjoOc%]/g, (mark) =>
        mark === '%%' ? '%' : rest.length === 0 ? mark : substitute(mark, rest.shift()),
      );
    } else {
      rest.unshift(...parts.slice(0, 1));
      text = '';
      return rest.map(plain).join(' ');
    }
    return [text, ...rest.map(plain)].join(' ');
  }

  function plain(value: unknown): string {
    return typeof value === 'string' ? value : inspect(value);
  }

  function substitute(mark: string, value: unknown): string {
    switch (mark) {
      case '%s':
        return typeof value === 'string'
          ? value
          : typeof value === 'object'
            ? inspect(value, { depth: 0 })
            : primitive(value);
      case '%d':
        return typeof value === 'bigint' ? `${value}n` : typeof value === 'symbol' ? 'NaN' : primitive(Number(value));
      case '%i':
        return typeof value === 'bigint'
          ? `${value}n`
          : typeof value === 'symbol' || typeof value === 'object'
            ? 'NaN'
            : primitive(parseInt(value as string, 10));
      case '%f':
        return typeof value === 'symbol' ? 'NaN' : primitive(parseFloat(String(value)));
      case '%j':
        // Its declared type leaves out that functions give undefined.
        return [JSON.stringify(value)].join() || 'undefined';
      case '%c':
        return '';
      default:
        return inspect(value, mark === '%o' ? { depth: 4 } : {});
    }
  }

  return { inspect, format };
}
