/** Plain data, and the parts of it by their place. */

/** JSON data as the shipped tests hold it. */
export type Data = null | boolean | number | string | Data[] | { [key: string]: Data };

/** Plain data through and through. */
export function isData(value: unknown): value is Data {
  if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) {
    return true;
  }
  return Array.isArray(value) ? value.every(isData) : isRecord(value) && Object.values(value).every(isData);
}

/** An object with string keys that is no array. */
export function isRecord(value: unknown): value is Record<string, Data> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** A part of a document. `shape`: its place with `*` for the index of an array below the top level. */
export interface Part {
  path: (string | number)[];
  shape: string;
  value: Data;
}

/** All parts of a value, the value itself first. Of the first line of a program the first two words have shapes of their own. */
export function partsOf(value: Data, path: (string | number)[] = [], shape = ''): Part[] {
  const own = { path, shape, value };
  if (Array.isArray(value)) {
    const isNamed = (index: number): boolean => path.length === 0 || (path.length === 1 && path[0] === 0 && index < 2);
    return [
      own,
      ...value.flatMap((item, index) => partsOf(item, [...path, index], `${shape}/${isNamed(index) ? index : '*'}`)),
    ];
  }
  return isRecord(value)
    ? [own, ...Object.entries(value).flatMap(([key, item]) => partsOf(item, [...path, key], `${shape}/${key}`))]
    : [own];
}

/** A copy with another value at `path`. */
export function withPart(value: Data, [head, ...rest]: readonly (string | number)[], part: Data): Data {
  if (head === undefined) {
    return part;
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => (index === head ? withPart(item, rest, part) : item));
  }
  return isRecord(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, key === head ? withPart(item, rest, part) : item]),
      )
    : value;
}
