import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { BoundaryError } from '../base/errors.ts';
import { optional } from '../base/optional.ts';
import { codeOf, explainFileError } from '../base/files.ts';
import { readNamedFile } from '../base/untrusted-file.ts';
import { linesOf } from '../base/lines.ts';
import type { Domain, Question } from '../domains/domain.ts';
import { parseJson } from '../protocol/json.ts';
import type { ImportRecord } from '../protocol/imports.ts';
import { codingQuestions } from './coding.ts';
import type { Split } from '../protocol/records.ts';
import { findImport, listImports, questionsFile } from './imported.ts';
import { splitOf } from './split.ts';
import { expressions, linearEquations, multiplications } from './values.ts';

/** A shipped benchmark. */
export interface BenchmarkRow {
  name: string;
  /** The domain that grades it. */
  domain: string;
  /** What it is, in a few words. */
  description: string;
  /** Its questions, in a fixed order. */
  load(): Promise<Question[]>;
  /** Runs of the domain are evaluated on it. */
  duringRuns?: true;
}

/** Every shipped benchmark. */
export const benchmarks: readonly BenchmarkRow[] = [
  { name: 'coding', domain: 'coding', description: '24 JavaScript functions', load: () => codingQuestions('coding') },
  {
    name: 'functions',
    domain: 'coding',
    description: '300 JavaScript functions, as small as those of HumanEval',
    load: () => codingQuestions('functions'),
    duringRuns: true,
  },
  {
    name: 'codeforces-style',
    domain: 'coding',
    description: '123 whole programs that read standard input, easy to medium',
    load: () => codingQuestions('codeforces-style'),
  },
  {
    name: 'multiplication',
    domain: 'arithmetic',
    description: '4,096 products of numbers of up to three digits, those of arXiv 2508.03682',
    load: () =>
      multiplications({
        file: 'multiplication.csv',
        sha256: '79eb3ca9c2188f42deebd6236c38514e917eca378eab285436470304f0d6389e',
      }),
  },
  {
    name: 'mixed-arithmetic',
    domain: 'arithmetic',
    description: '1,200 sums, differences and products of numbers of up to three digits',
    load: () =>
      expressions('mixed-arithmetic', {
        file: 'mixed-arithmetic.csv',
        sha256: '7ac1ae9b31cb4e7d2763b60a7e6afdeaf39a4bcecea1af36c09496f61d5b1f0b',
      }),
    duringRuns: true,
  },
  {
    name: 'linear-equations',
    domain: 'algebra',
    description: '100 systems of two linear equations, after OMEGA',
    load: () =>
      linearEquations('linear-equations', {
        file: 'linear-equations.jsonl',
        sha256: 'f0f0590741c05d9a678f38eeec42d02bd61c271b3c3595792a05642baf07cd41',
      }),
  },
  {
    name: 'linear-equations-400',
    domain: 'algebra',
    description: '400 further systems of the same kind',
    load: () =>
      linearEquations('linear-equations-400', {
        file: 'linear-equations-400.jsonl',
        sha256: '2464b96dd3354f90210296985ef5bd8840d837699b357bbb56dcb92ffb98c3b4',
      }),
    duringRuns: true,
  },
];

/** Questions, and where they come from. */
export interface Benchmark {
  /** A shipped or imported benchmark, or a file's name without its end. */
  name: string;
  /** The part that they are; absent: all of it. */
  split?: Split;
  /** At most so many questions of it; absent: all. */
  limit?: number;
  questions: readonly Question[];
}

/** The shipped benchmark of that name. */
export function findBenchmark(name: string): BenchmarkRow | undefined {
  return benchmarks.find((row) => row.name === name);
}

/** The domain of a shipped or imported benchmark; undefined for a name that is neither. */
export function domainOfBenchmark(name: string): string | undefined {
  return (findBenchmark(name) ?? findImport(name))?.domain;
}

/** The benchmark that runs of a domain are evaluated on; undefined where none is shipped. */
export function benchmarkOf(domain: string): BenchmarkRow | undefined {
  return benchmarks.find((row) => row.domain === domain && row.duringRuns);
}

/**
 * A shipped or imported benchmark by name, or a JSONL file of the domain's questions. `split`: its validation or test part alone;
 * `limit`: only the first questions. Throws BoundaryError('usage') for a benchmark of another domain and for a file that
 * cannot be used, with the lines at fault.
 */
export async function loadBenchmark(
  name: string,
  domain: Domain,
  { split, limit }: { split?: Split; limit?: number } = {},
): Promise<Benchmark> {
  const row = findBenchmark(name);
  const imported = row ? undefined : findImport(name);
  const known = row ?? imported;
  if (known && known.domain !== domain.name) {
    throw new BoundaryError(
      'usage',
      `The benchmark ${name} is of the domain ${known.domain}, not ${domain.name}.`,
      `Evaluate it with --domain ${known.domain}.`,
    );
  }
  const isWanted = ({ id }: Question): boolean => split === undefined || splitOf(id) === split;
  // One more than is asked tells whether there are more.
  const part = imported
    ? await readImported(imported, domain, { isWanted, limit: (limit ?? Infinity) + 1 })
    : (row ? await row.load() : await readBenchmarkFile(name, domain)).filter(isWanted);
  const title = known ? name : basename(name, '.jsonl');
  const asked = part.slice(0, limit);
  const cut = asked.length < part.length ? limit : undefined;
  return { name: title, ...optional('split', split), ...optional('limit', cut), questions: asked };
}

/** The questions of a file that somebody named, each with an id of its own. */
async function readBenchmarkFile(path: string, domain: Domain): Promise<Question[]> {
  const questions = await readQuestions(path, domain);
  const ids = new Set<string>();
  for (const { id } of questions) {
    if (ids.has(id)) {
      throw new BoundaryError(
        'usage',
        `${path} has two questions with the id "${id}".`,
        'Rename or remove one of them: answers are kept and compared by id.',
      );
    }
    ids.add(id);
  }
  return questions;
}

/** Longest line of an import, bytes: a row of the largest size with every character escaped stays below. */
const maxLineBytes = 2 ** 28;

/** The first questions of an import that are wanted; no more of its file is read. */
async function readImported(
  record: ImportRecord,
  domain: Domain,
  { isWanted, limit }: { isWanted: (question: Question) => boolean; limit: number },
): Promise<Question[]> {
  const path = questionsFile(record);
  const questions: Question[] = [];
  let number = 0;
  try {
    for await (const line of linesOf(createReadStream(path), maxLineBytes)) {
      if (questions.length >= limit) {
        break;
      }
      number += 1;
      const question = domain.read(parseJson(line ?? ''), `${record.name}/${number}`);
      if (isWanted(question)) {
        questions.push(question);
      }
    }
  } catch (error) {
    const what = codeOf(error) === undefined ? `line ${number} of ${path} is damaged` : `${path} cannot be read`;
    const remedy = `Import it again: selfq import ${record.source} --name ${record.name}.`;
    throw new BoundaryError('environment', `The import ${record.name} cannot be used: ${what}.`, remedy, {
      cause: error,
    });
  }
  return questions;
}

/** Lines at fault that are named one by one. */
const shownFaults = 3;

/**
 * The questions of a JSONL file, as the domain reads its rows. Throws BoundaryError('usage') that names broken lines and
 * their number: half a file is never taken.
 */
export async function readQuestions(path: string, domain: Domain): Promise<Question[]> {
  const faults: string[] = [];
  const questions = readLines(path).flatMap(({ text, number }): Question[] => {
    try {
      return [domain.read(parseJson(text), `${basename(path, '.jsonl')}/${number}`)];
    } catch (error) {
      faults.push(`line ${number}: ${reasonOf(error)}`);
      return [];
    }
  });
  if (faults.length > 0 || questions.length === 0) {
    const what = faults.length === 1 ? 'One line' : `${faults.length} lines`;
    throw new BoundaryError(
      'usage',
      faults.length === 0
        ? `${path} holds no questions.`
        : `${what} of ${path} cannot be read as ${domain.name} (${faults.slice(0, shownFaults).join('; ')}).`,
      `Each line is one question of the domain ${domain.name} as JSON${domain.rowExample === undefined ? '' : `, such as ${domain.rowExample}`}; mend or remove these lines.`,
    );
  }
  return domain.prepare ? domain.prepare(questions) : questions;
}

/** Largest file of questions, bytes. */
const largestFile = 256e6;

function readLines(path: string): { text: string; number: number }[] {
  try {
    return readNamedFile(path, largestFile)
      .replace(/^\uFEFF/, '')
      .split('\n')
      .map((text, index) => ({ text, number: index + 1 }))
      .filter(({ text }) => text.trim() !== '');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      const names = benchmarks.map((row) => row.name).join(', ');
      const imports = listImports().map((row) => row.name);
      const imported = imports.length === 0 ? '' : ` imported ${imports.slice(0, 20).join(', ')};`;
      throw new BoundaryError(
        'usage',
        `There is no benchmark and no file "${path}".`,
        `Shipped are ${names};${imported} or give a JSONL file of questions.`,
      );
    }
    if (error instanceof RangeError || codeOf(error) === 'EISDIR') {
      const fault = error instanceof RangeError ? error.message : 'it is a folder';
      throw new BoundaryError('usage', `${path} cannot be read: ${fault}.`, 'Give a JSONL file of questions.');
    }
    throw explainFileError(error, path);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
  }
  return error instanceof Error ? error.message : String(error);
}
