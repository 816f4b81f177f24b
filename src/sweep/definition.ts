import { dirname, relative, resolve, sep } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from '../base/errors.ts';
import { readNamedIfPresent } from '../base/files.ts';
import { presets } from '../base/setting.ts';
import { splits } from '../protocol/records.ts';
import { duplicateKey } from './duplicate-key.ts';

/** Names become parts of folder names; a dot separates them there. */
const Name = z.string().regex(/^[A-Za-z0-9][\w-]{0,59}$/, 'may have letters, digits, - and _ alone, at most 60');
const Settings = z.record(z.string(), z.union([z.string(), z.number()]));

/** A further evaluation of every run, before and after training; the benchmark of the domain is always evaluated. */
const EvaluationRequest = z.strictObject({
  /** A shipped or imported benchmark, or a JSONL file of questions. */
  benchmark: z.string().min(1),
  split: z.enum(splits).optional(),
  /** Answers to each question; 1 without it. */
  samples: z.number().int().min(1).max(1000).optional(),
  /** Only the first questions. */
  limit: z.number().int().min(1).optional(),
});
export type EvaluationRequest = z.infer<typeof EvaluationRequest>;

/** What the file of a sweep says: settings of every run, variants of them, and seeds. */
export const SweepDefinition = z.strictObject({
  name: Name,
  /** For people: what the sweep is to show. */
  description: z.string().optional(),
  domain: z.string(),
  preset: z.enum(presets).default('quick'),
  /** Settings of every run that differ from the preset. */
  settings: Settings.default({}),
  /** Name -> settings in which the variant differs; controls are variants like all others. */
  variants: z.record(Name, Settings).refine((all) => Object.keys(all).length > 0, 'has no variant'),
  seeds: z
    .array(
      z
        .number()
        .int()
        .min(0)
        .max(2 ** 31 - 1),
    )
    .min(1, 'has no seed'),
  steps: z.number().int().min(1).max(100_000),
  evaluate: z.array(EvaluationRequest).default([]),
  /** Markdown file that gets the table; a relative path begins at the folder of the sweep's file. */
  document: z.string().min(1).optional(),
});
export type SweepDefinition = z.infer<typeof SweepDefinition>;

/** Settings that every run of a sweep has from elsewhere in its file. */
const reserved: Readonly<Record<string, string>> = { seed: 'seeds', steps: 'steps', domain: 'domain' };
/** Settings that name files. */
const paths = ['pool', 'labelled'];
/** Settings that are names or files: a path there begins with `./` or `../`. */
const namesOrPaths = ['model', 'evalBenchmark'];

/**
 * Reads the file of a sweep. Paths in it begin at its folder. Throws BoundaryError('usage') that names what is wrong
 * and where: no such file, no JSON, a key that is there twice, fields that are missing or unknown.
 */
export function readDefinition(path: string): SweepDefinition {
  const text = readNamedIfPresent(path);
  if (text === undefined) {
    throw new BoundaryError('usage', `There is no file ${path}.`, 'Give the JSON file of a sweep.');
  }
  const { success, data, error } = SweepDefinition.safeParse(parse(text, path));
  if (!success) {
    const issues = error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`);
    throw refused(path, `${issues.slice(0, 3).join('; ')}.`);
  }
  const repeated = data.seeds.find((seed, index) => data.seeds.indexOf(seed) < index);
  if (repeated !== undefined) {
    throw refused(path, `the seed ${repeated} is there twice.`);
  }
  for (const [where, settings] of [['settings', data.settings] as const, ...Object.entries(data.variants)]) {
    const name = Object.keys(settings).find((key) => Object.hasOwn(reserved, key));
    if (name !== undefined) {
      throw refused(path, `${where} sets ${name}, which the sweep has from its field "${reserved[name]}".`);
    }
  }
  return withPaths(data, dirname(resolve(path)));
}

function parse(text: string, path: string): unknown {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    // JSON.parse keeps the last of two equal keys and says nothing.
    const twice = duplicateKey(text);
    if (twice !== undefined) {
      throw refused(path, `"${twice}" is there twice.`);
    }
    return value;
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw refused(path, `it is no JSON (${error.message}).`);
    }
    throw error;
  }
}

/** A failure that names the file of a sweep. */
export function refused(path: string, reason: string): BoundaryError {
  return new BoundaryError(
    'usage',
    `The sweep ${shown(path)} cannot be used: ${reason}`,
    'Mend the file; sweeps/arithmetic-labels.json is an example.',
  );
}

/** A path as a person would type it from here. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short.split(sep).join('/');
}

function withPaths(definition: SweepDefinition, folder: string): SweepDefinition {
  const absolute = (value: string): string => (/^\.{1,2}[\\/]/.test(value) ? resolve(folder, value) : value);
  const inSettings = (settings: SweepDefinition['settings']): SweepDefinition['settings'] =>
    Object.fromEntries(
      Object.entries(settings).map(([name, value]) => {
        const isPath = paths.includes(name) && value !== '';
        return [
          name,
          isPath ? resolve(folder, String(value)) : namesOrPaths.includes(name) ? absolute(String(value)) : value,
        ];
      }),
    );
  return {
    ...definition,
    settings: inSettings(definition.settings),
    variants: Object.fromEntries(
      Object.entries(definition.variants).map(([name, settings]) => [name, inSettings(settings)]),
    ),
    evaluate: definition.evaluate.map((request) => ({
      ...request,
      benchmark: /[\\/]|\.jsonl$/.test(request.benchmark) ? resolve(folder, request.benchmark) : request.benchmark,
    })),
    ...(definition.document === undefined ? {} : { document: resolve(folder, definition.document) }),
  };
}
