import { ExactNumber, type JsonValue } from '../../protocol/json.ts';

/** Type of JSON data as far as test inputs show it. */
export type DataType =
  | { kind: 'integer' | 'number' | 'string' | 'boolean' | 'null' }
  /** `of` is absent where every array is empty. */
  | { kind: 'array'; of?: DataType }
  | { kind: 'object'; fields: Fields };

type Fields = Readonly<Record<string, DataType>>;

/**
 * The types of the parameters of a function, from calls of it: one for each position. Undefined where calls differ in
 * their number of arguments, or where an argument has no one type.
 */
export function parameterTypes(inputs: readonly (readonly JsonValue[])[]): DataType[] | undefined {
  const [first] = inputs;
  if (!first || inputs.some(({ length }) => length !== first.length)) {
    return undefined;
  }
  const types = first.map((_, position) => commonType(inputs.map((input) => input[position] ?? null)));
  return types.every((type) => type !== undefined) ? types : undefined;
}

/** Equal texts for equal types, whatever the order of an object's keys. */
export function typeText(type: DataType): string {
  switch (type.kind) {
    case 'array':
      return `${type.of ? typeText(type.of) : 'unknown'}[]`;
    case 'object': {
      const fields = Object.entries(type.fields).sort(([a], [b]) => (a < b ? -1 : 1));
      return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${typeText(field)}`).join(',')}}`;
    }
    default:
      return type.kind;
  }
}

function commonType(values: readonly JsonValue[]): DataType | undefined {
  const types = values.map(typeOf);
  return types.slice(1).reduce<DataType | undefined>((common, type) => common && type && join(common, type), types[0]);
}

function typeOf(value: JsonValue): DataType | undefined {
  if (value === null) {
    return { kind: 'null' };
  }
  if (typeof value === 'number') {
    return { kind: Number.isInteger(value) ? 'integer' : 'number' };
  }
  if (typeof value === 'string' || typeof value === 'boolean') {
    return { kind: typeof value === 'string' ? 'string' : 'boolean' };
  }
  if (Array.isArray(value)) {
    const of = value.length === 0 ? undefined : commonType(value);
    return value.length > 0 && !of ? undefined : { kind: 'array', ...(of ? { of } : {}) };
  }
  if (value instanceof ExactNumber) {
    return undefined;
  }
  return objectOf(Object.entries(value).map(([name, field]) => [name, typeOf(field)]));
}

function joinFields(a: Fields, b: Fields): DataType | undefined {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) {
    return undefined;
  }
  const fields = names.map((name) => [name, a[name] && b[name] && join(a[name], b[name])] as const);
  return objectOf(fields);
}

/** Undefined where a field has no type. */
function objectOf(fields: readonly (readonly [name: string, type: DataType | undefined])[]): DataType | undefined {
  const known = fields.flatMap(([name, type]) => (type ? [[name, type] as const] : []));
  return known.length === fields.length ? { kind: 'object', fields: Object.fromEntries(known) } : undefined;
}

/** The narrowest type of both; undefined where there is none. */
function join(a: DataType, b: DataType): DataType | undefined {
  if (a.kind === 'array' && b.kind === 'array') {
    const of = a.of && b.of ? join(a.of, b.of) : (a.of ?? b.of);
    return a.of && b.of && !of ? undefined : { kind: 'array', ...(of ? { of } : {}) };
  }
  if (a.kind === 'object' && b.kind === 'object') {
    return joinFields(a.fields, b.fields);
  }
  if (a.kind === b.kind) {
    return a;
  }
  const numbers = ['integer', 'number'];
  return numbers.includes(a.kind) && numbers.includes(b.kind) ? { kind: 'number' } : undefined;
}
