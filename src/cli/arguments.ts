import { parseArgs } from 'node:util';
import { BoundaryError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';

/** One option of a command. `value`: the word that stands for it in the help; without it the option is a switch. */
export interface Option {
  value?: string;
  /** May be given several times. */
  multiple?: boolean;
  description: string;
}

/** The options of a command by name. */
export type Options = Readonly<Record<string, Option>>;

/** What was typed behind a command's name. */
export interface Arguments {
  positionals: string[];
  /** Names of the options that were typed. */
  given: string[];
  has(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): string[];
  /** Throws BoundaryError('usage') for what is not a whole number from `minimum` on. */
  integer(name: string, minimum: number): number | undefined;
  number(name: string, minimum: number, maximum: number): number | undefined;
}

/** Reads options strictly. Throws BoundaryError('usage') that names the nearest option. */
export function parseArguments(args: readonly string[], options: Options, positionals: number): Arguments {
  const parsed = parse(args, options);
  if (parsed.positionals.length > positionals) {
    throw usage(`"${parsed.positionals[positionals] ?? ''}" is one argument too many.`);
  }
  const values: Record<string, string | boolean | (string | boolean)[] | undefined> = parsed.values;
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const number = (name: string, minimum: number, maximum: number): number | undefined => {
    const given = text(name);
    const value = given === undefined || given.trim() === '' ? NaN : Number(given);
    if (given !== undefined && !(value >= minimum && value <= maximum)) {
      const bound = maximum === Infinity ? `from ${minimum} on` : `from ${minimum} to ${maximum}`;
      throw usage(`--${name} cannot be "${given}".`, `Give a number ${bound}.`);
    }
    return given === undefined ? undefined : value;
  };
  return {
    positionals: parsed.positionals,
    given: Object.keys(values),
    has: (name) => values[name] === true,
    text,
    texts(name) {
      const value = values[name];
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    },
    integer(name, minimum) {
      const value = number(name, minimum, Infinity);
      if (value !== undefined && !Number.isInteger(value)) {
        throw usage(`--${name} cannot be "${value}".`, 'Give a whole number.');
      }
      return value;
    },
    number,
  };
}

/** A BoundaryError('usage'): exit code 2. */
export function usage(message: string, remedy = 'See `selfq --help`.'): BoundaryError {
  return new BoundaryError('usage', message, remedy);
}

function parse(args: readonly string[], options: Options): { positionals: string[]; values: ParsedValues } {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { value, multiple }]) => [
      name,
      { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: multiple ?? false },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true, strict: true });
  } catch (error) {
    throw explain(error, Object.keys(options));
  }
}

type ParsedValues = Record<string, string | boolean | (string | boolean)[] | undefined>;

/** parseArgs names the option in its message; its advice about `--` would only confuse here. */
function explain(error: unknown, known: readonly string[]): unknown {
  if (!(error instanceof TypeError) || !('code' in error)) {
    return error;
  }
  if (error.code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    return usage(error.message.split('. ')[0] ?? error.message);
  }
  const name = /'-{1,2}([^']*)'/.exec(error.message)?.[1] ?? '';
  const nearest = nearestName(name, known);
  return usage(`There is no option --${name}.`, nearest ? `Did you mean --${nearest}?` : undefined);
}
