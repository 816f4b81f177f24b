import type { VirtualClock } from '../clock.ts';
import type { Inspection } from './inspection.ts';
import type { Streams } from './streams.ts';

/** The global `console`, on two streams. Turned into text (compose.ts): self-contained. */
export function makeConsole(
  { out, err }: Streams['text'],
  inspection: Inspection,
  makeTable: (inspection: Inspection) => (data: unknown, columns?: unknown) => string | undefined,
  clock: VirtualClock,
): object {
  const { format, inspect } = inspection;
  let indent = '';
  const counts = new Map<string, number>();
  const starts = new Map<string, number>();

  function line(write: (text: string) => void, text: string): void {
    write((indent === '' ? text : indent + text.replaceAll('\n', `\n${indent}`)) + '\n');
  }
  const log = (...parts: unknown[]): void => line(out, format(...parts));
  const warn = (...parts: unknown[]): void => line(err, format(...parts));
  function elapsed(label: string): string | undefined {
    const start = starts.get(label);
    if (start === undefined) {
      warn(`Warning: No such label '${label}' for console.time()`);
      return undefined;
    }
    const milliseconds = clock.now() - start;
    return milliseconds >= 1000 ? `${(milliseconds / 1000).toFixed(3)}s` : `${milliseconds}ms`;
  }
  function group(...parts: unknown[]): void {
    if (parts.length > 0) {
      log(...parts);
    }
    indent += '  ';
  }

  const members = {
    __proto__: null,
    log,
    info: log,
    debug: log,
    warn,
    error: warn,
    trace: (...parts: unknown[]) => line(err, `Trace${parts.length > 0 ? `: ${format(...parts)}` : ''}`),
    assert: (condition: unknown, ...parts: unknown[]) => {
      if (!condition) {
        const [first, ...rest] = parts;
        if (typeof first === 'string') {
          warn(`Assertion failed: ${first}`, ...rest);
        } else {
          warn('Assertion failed', ...parts);
        }
      }
    },
    dir: (value: unknown, options?: object) => line(out, inspect(value, { customInspect: false, ...options })),
    dirxml: log,
    table: (data: unknown, columns?: unknown) => {
      const text = makeTable(inspection)(data, columns);
      if (text === undefined) {
        log(data);
      } else {
        line(out, text);
      }
    },
    group,
    groupCollapsed: group,
    groupEnd: () => {
      indent = indent.slice(2);
    },
    count: (label: unknown = 'default') => {
      const name = String(label);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      log(`${name}: ${counts.get(name)}`);
    },
    countReset: (label: unknown = 'default') => {
      counts.delete(String(label));
    },
    time: (label: unknown = 'default') => {
      starts.set(String(label), clock.now());
    },
    timeLog: (label: unknown = 'default', ...parts: unknown[]) => {
      const text = elapsed(String(label));
      if (text !== undefined) {
        log(`${String(label)}: ${text}`, ...parts);
      }
    },
    timeEnd: (label: unknown = 'default') => {
      const text = elapsed(String(label));
      starts.delete(String(label));
      if (text !== undefined) {
        log(`${String(label)}: ${text}`);
      }
    },
    timeStamp: () => undefined,
    profile: () => undefined,
    profileEnd: () => undefined,
  };
  Object.setPrototypeOf(members, Object.prototype);
  return members;
}
