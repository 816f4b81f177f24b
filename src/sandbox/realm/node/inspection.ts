import type { Libraries } from './libraries.ts';

/** util.inspect and util.format, from the package that follows Node's own. */
export interface Inspection {
  inspect(value: unknown, options?: object): string;
  format(...parts: unknown[]): string;
}

/**
 * What is printed most, texts and numbers, does without the package, which takes two milliseconds to load. Turned into
 * text (compose.ts): self-contained.
 */
export function makeInspection(libraries: Libraries): Inspection {
  let library: Inspection | undefined;
  const whole = (): Inspection => {
    const { inspect, format } = libraries.need('inspect');
    library ??= { inspect, format } as Inspection;
    return library;
  };

  function simple(value: unknown): string | undefined {
    switch (typeof value) {
      case 'string':
        return value;
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value);
      case 'bigint':
        return `${value}n`;
      case 'boolean':
      case 'undefined':
        return String(value);
      default:
        return value === null ? 'null' : undefined;
    }
  }

  function format(...parts: unknown[]): string {
    const [first] = parts;
    if (parts.length > 1 && typeof first === 'string' && first.includes('%')) {
      return whole().format(...parts);
    }
    const texts = parts.map(simple);
    return texts.includes(undefined) ? whole().format(...parts) : texts.join(' ');
  }

  return { inspect: (...parts) => whole().inspect(...parts), format };
}
