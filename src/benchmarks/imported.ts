import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolderSync } from '../base/make-folder.ts';
import { cacheDir } from '../base/cache-dir.ts';
import { BoundaryError } from '../base/errors.ts';
import { readJson, writeFileAtomic } from '../base/files.ts';
import { nearestName } from '../base/nearest-name.ts';
import { ImportRecord } from '../protocol/imports.ts';

/**
 * The folder of imports: `NAME.json`, the record, and the file of questions that it names. An import is there when its
 * record is, which is replaced at once: a reader meets the earlier import or the new one, never a part.
 */
export function importsDir(cache: string = cacheDir()): string {
  return join(cache, 'benchmarks');
}

const namePattern = /^[\w-][\w.-]{0,79}$/;

/** Whether an import may have this name; it becomes the name of a file. */
export function isImportName(name: string): boolean {
  return namePattern.test(name);
}

/** Every import, by name. A damaged record is skipped. */
export function listImports(dir: string = importsDir()): ImportRecord[] {
  const names = existsSync(dir) ? readdirSync(dir).filter((file) => file.endsWith('.json')) : [];
  return names.sort().flatMap((file) => {
    const record = readRecord(dir, basename(file, '.json'));
    return record ? [record] : [];
  });
}

/** The import of that name. */
export function findImport(name: string, dir: string = importsDir()): ImportRecord | undefined {
  return isImportName(name) && existsSync(join(dir, `${name}.json`)) ? readRecord(dir, name) : undefined;
}

/** Path of an import's questions, one as JSON a line. */
export function questionsFile({ file }: ImportRecord, dir: string = importsDir()): string {
  return join(dir, basename(file));
}

/** Deletes an import. Throws BoundaryError('usage') where there is none of that name. */
export function removeImport(name: string, dir: string = importsDir()): ImportRecord {
  const record = findImport(name, dir);
  if (!record) {
    const names = listImports(dir).map((known) => known.name);
    const nearest = nearestName(name, names);
    throw new BoundaryError(
      'usage',
      `There is no import named "${name}".`,
      nearest === undefined ? '`selfq import --list` shows the imports.' : `Did you mean ${nearest}?`,
    );
  }
  rmSync(join(dir, `${name}.json`));
  rmSync(questionsFile(record, dir), { force: true });
  return record;
}

/** A path for the questions of a new import; nobody sees them before {@link keepImport}. */
export function newQuestionsFile(name: string, dir: string = importsDir()): string {
  makeFolderSync(dir);
  removeAbandoned(dir);
  const part = randomBytes(4).toString('hex');
  return join(dir, `${name}.${part}.jsonl`);
}

/** Puts an import, whose questions are written, in the place of an earlier one of the same name. */
export function keepImport(record: ImportRecord, dir: string = importsDir()): void {
  const earlier = findImport(record.name, dir);
  writeFileAtomic(join(dir, `${record.name}.json`), `${JSON.stringify(record, null, 2)}\n`);
  if (earlier && earlier.file !== record.file) {
    rmSync(questionsFile(earlier, dir), { force: true });
  }
}

/** Files that an import which was killed left behind are removed after this time, ms. */
const abandonedAfterMs = 24 * 60 * 60 * 1000;

function removeAbandoned(dir: string): void {
  const kept = new Set(listImports(dir).map(({ file }) => basename(file)));
  for (const file of readdirSync(dir)) {
    const path = join(dir, file);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (/\.[0-9a-f]{8}\.jsonl$/.test(file) && !kept.has(file) && age > abandonedAfterMs) {
      rmSync(path, { force: true });
    }
  }
}

function readRecord(dir: string, name: string): ImportRecord | undefined {
  try {
    const record = readJson(join(dir, `${name}.json`), ImportRecord);
    return record.name === name ? record : undefined;
  } catch {
    return undefined;
  }
}
