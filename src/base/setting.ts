import { BoundaryError } from './errors.ts';

/** Sizes of a run: minutes on a processor, hours on a processor, and the figures of arXiv 2508.03682. */
export const presets = ['quick', 'laptop', 'paper'] as const;
export type Preset = (typeof presets)[number];

/** The value of a setting. */
export type SettingValue = number | string;

interface NumberKind {
  type: 'integer' | 'real';
  /** Both ends are allowed. */
  minimum: number;
  maximum: number;
}
interface ChoiceKind {
  type: 'choice';
  choices: readonly string[];
}
interface TextKind {
  type: 'text';
  /** Most characters; absent: any number. */
  longest?: number;
  /** What a value must look like, with words that say so. */
  form?: { pattern: RegExp; remedy: string };
}
/** What values a setting may have. */
export type SettingKind = NumberKind | ChoiceKind | TextKind;

/** One value for every preset, or one for each; presets that are not named take that of `quick`. */
export type SettingDefault = SettingValue | ({ quick: SettingValue } & { [Name in Preset]?: SettingValue });

/** What a domain wants instead of a default: one value for every preset, or for those that are named. */
export type DomainDefault = SettingValue | { [Name in Preset]?: SettingValue };

/** One setting: the one home of its default, unit, range, meaning and source. */
export interface Setting {
  kind: SettingKind;
  /** Unit of a number; absent where it has none. */
  unit?: string;
  /** One sentence or more for a person. */
  description: string;
  /** Where definition or default come from: a paper, another program. */
  source?: string;
  default: SettingDefault;
}

/** The settings of one owner by name. */
export type SettingTable = Readonly<Record<string, Setting>>;

type ValueOf<Kind extends SettingKind> = Kind extends NumberKind
  ? number
  : Kind extends { type: 'choice'; choices: readonly (infer Choice)[] }
    ? Choice
    : string;

/** A value for each setting of a table; a choice is one of its choices. */
export type ValuesOf<Table extends SettingTable> = { readonly [Name in keyof Table]: ValueOf<Table[Name]['kind']> };

/** A whole number. */
export const integer = (minimum: number, maximum: number) => ({ type: 'integer' as const, minimum, maximum });
/** A number. */
export const real = (minimum: number, maximum: number) => ({ type: 'real' as const, minimum, maximum });
/** One of a few names. */
export const choice = <const Choices extends readonly string[]>(...choices: Choices) => ({
  type: 'choice' as const,
  choices,
});
/** Free text; may be empty. */
export const text = { type: 'text' } as const;
/** Free text of at most `longest` characters; may be empty. */
export const textUpTo = (longest: number) => ({ type: 'text' as const, longest });

/** Text of a certain form; `remedy` says of which. */
export const textLike = (pattern: RegExp, remedy: string) => ({ type: 'text' as const, form: { pattern, remedy } });

/** The value that a setting has in a preset unless told otherwise. */
export function defaultIn(preset: Preset, given: SettingDefault): SettingValue {
  return typeof given === 'object' ? (given[preset] ?? given.quick) : given;
}

/** A default as a domain has it: presets that the domain does not name keep their values. */
export function adaptDefault(given: SettingDefault, wanted: DomainDefault | undefined): SettingDefault {
  if (typeof wanted !== 'object') {
    return wanted ?? given;
  }
  const values = presets.map((preset) => [preset, wanted[preset] ?? defaultIn(preset, given)]);
  return Object.fromEntries(values) as Record<Preset, SettingValue>;
}

/** The defaults of a whole table in a preset. */
export function defaultsOf<Table extends SettingTable>(table: Table, preset: Preset): ValuesOf<Table> {
  const entries = Object.entries(table).map(([name, setting]) => [name, defaultIn(preset, setting.default)]);
  return Object.fromEntries(entries) as ValuesOf<Table>;
}

/** The values of a table's settings out of more. */
export function pickSettings<Table extends SettingTable>(table: Table, values: ValuesOf<Table>): ValuesOf<Table> {
  const entries = Object.entries<SettingValue>(values).filter(([name]) => Object.hasOwn(table, name));
  return Object.fromEntries(entries) as ValuesOf<Table>;
}

/** The value of a setting from text or a value. Throws BoundaryError('usage') that names the setting and its range. */
export function parseSetting(name: string, { kind, unit }: Setting, value: SettingValue): SettingValue {
  switch (kind.type) {
    case 'text': {
      const given = String(value);
      if (kind.longest !== undefined && given.length > kind.longest) {
        throw unfit(name, `${given.slice(0, 40)}…`, `It has ${given.length} characters; give at most ${kind.longest}.`);
      }
      if (kind.form && !kind.form.pattern.test(given)) {
        throw unfit(name, given.slice(0, 40), kind.form.remedy);
      }
      return given;
    }
    case 'choice':
      if (!kind.choices.includes(String(value))) {
        throw unfit(name, value, `Choose one of ${kind.choices.join(', ')}.`);
      }
      return String(value);
    case 'integer':
    case 'real': {
      const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value);
      if (
        !(number >= kind.minimum && number <= kind.maximum) ||
        (kind.type === 'integer' && !Number.isInteger(number))
      ) {
        const what = kind.type === 'integer' ? 'a whole number' : 'a number';
        throw unfit(name, value, `Give ${what} from ${kind.minimum} to ${kind.maximum}${unit ? ` (${unit})` : ''}.`);
      }
      return number;
    }
    default:
      return kind satisfies never;
  }
}

function unfit(name: string, value: SettingValue, remedy: string): BoundaryError {
  return new BoundaryError('usage', `${name} cannot be "${value}".`, remedy);
}
