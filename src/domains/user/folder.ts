import { createHash } from 'node:crypto';
import { lstatSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { BoundaryError } from '../../base/errors.ts';
import { codeOf } from '../../base/files.ts';
import { readUntrusted } from '../../base/untrusted-file.ts';

/** The files of a domain's folder. Their names are fixed, so that none can lead out of it. */
export const domainFiles = {
  typescript: 'domain.ts',
  javascript: 'domain.js',
  questions: 'questions.jsonl',
  tests: 'tests.jsonl',
} as const;

/** Largest files of a domain's folder, bytes. */
export const largestDomainFile = { code: 256 * 1024, data: 16 * 1024 * 1024 };

/** The file of a domain as it lies on the disk; nothing of it has run. */
export interface DomainFile {
  /** Absolute path without links. */
  folder: string;
  path: string;
  language: 'typescript' | 'javascript';
  source: string;
  /** SHA-256, hex. */
  hash: string;
}

const packageName = /^(?:@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-~][a-z0-9-._~]*$/;

/** True for what names a folder and no domain or package: `./words`, `../words`, `/home/me/words`, `words/`. */
export function isFolderName(name: string): boolean {
  return isAbsolute(name) || /^\.{1,2}(?:[/\\]|$)|[/\\]$/.test(name) || /^[a-z]:[\\/]/i.test(name);
}

/**
 * The folder of a user's own domain: `name` is its path, or a package in `node_modules` of `cwd`. Throws
 * BoundaryError('usage') where neither is there.
 */
export function findDomainFolder(name: string, cwd: string): string {
  if (isFolderName(name)) {
    const folder = resolve(cwd, name);
    if (!isFolder(folder)) {
      throw new BoundaryError(
        'usage',
        `There is no folder ${folder}.`,
        'Give the folder of a domain; `selfq domain init NAME` makes one.',
      );
    }
    return folder;
  }
  const inPackages = packageName.test(name) ? join(cwd, 'node_modules', name) : undefined;
  if (inPackages !== undefined && isFolder(inPackages)) {
    return inPackages;
  }
  const here = resolve(cwd, name);
  throw new BoundaryError(
    'usage',
    `There is no domain "${name}", and no package of that name in node_modules here.`,
    isFolder(here)
      ? `Did you mean the folder ./${name}?`
      : '`selfq domain list` shows what there is; give a folder as ./NAME.',
  );
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * Reads the file of a domain. The folder may come from anywhere: a link, a device, or more than
 * {@link largestDomainFile} in place of its file is refused. Throws BoundaryError('usage') where there is none.
 */
export function readDomainFile(folder: string): DomainFile {
  const real = realFolder(folder);
  const found = (['typescript', 'javascript'] as const).find((language) =>
    lstatSync(join(real, domainFiles[language]), { throwIfNoEntry: false }),
  );
  if (!found) {
    throw new BoundaryError(
      'usage',
      `${folder} holds no ${domainFiles.typescript}.`,
      'Give the folder of a domain; `selfq domain init NAME` makes one.',
    );
  }
  const path = join(real, domainFiles[found]);
  const source = readUntrusted(path, largestDomainFile.code);
  return { folder: real, path, language: found, source, hash: createHash('sha256').update(source).digest('hex') };
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') {
      throw new BoundaryError(
        'usage',
        `The folder of the domain, ${folder}, is gone.`,
        'Bring it back to where it was, or name another one with --domain ./DIR.',
      );
    }
    throw error;
  }
}

/** Path of the questions or the tests of a domain; undefined where it has none. Throws for a link or too large a file. */
export function domainDataFile(folder: string, kind: 'questions' | 'tests'): string | undefined {
  const path = join(folder, domainFiles[kind]);
  if (!lstatSync(path, { throwIfNoEntry: false })) {
    return undefined;
  }
  readUntrusted(path, largestDomainFile.data);
  return path;
}

/** Throws BoundaryError('run') where the file of a run's domain is not the one that it was begun with (`known`, a hash). */
export function assertUnchanged({ hash, path }: DomainFile, known: string, remedy: string): void {
  if (known !== '' && hash !== known) {
    throw new BoundaryError(
      'run',
      `The domain has changed since this run began: ${path} is another file now (${hash.slice(0, 12)}, not ${known.slice(0, 12)}).`,
      remedy,
    );
  }
}
