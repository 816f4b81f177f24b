import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BoundaryError } from '../base/errors.ts';

/** Files of a folder, relative to it, with `/`, in no order. */
export interface Listing {
  files: string[];
  byGit: boolean;
  /** False where time or number ran out. */
  isWhole: boolean;
}

/** How long a listing may take. */
export interface ListLimits {
  /** `performance.now()` at which it ends. */
  deadline: number;
  /** Most files. */
  most: number;
}

/**
 * The files of a folder. In a git repository git itself says which: those that it ignores are not among them. Elsewhere
 * every file, but for hidden folders and those that hold what was installed or built. Links are not followed. Throws
 * BoundaryError('environment') where there is a repository that git cannot list: what it ignores is then not known.
 */
export async function listFiles(folder: string, limits: ListLimits): Promise<Listing> {
  return isInRepository(folder) ? listByGit(folder, limits) : walk(folder, limits);
}

function isInRepository(folder: string): boolean {
  const parent = dirname(folder);
  return existsSync(join(folder, '.git')) || (parent !== folder && isInRepository(parent));
}

/** Nothing that a repository configures is run: it may be a stranger's. */
const gitArguments = [
  ...['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null'],
  ...['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
];

async function listByGit(folder: string, { deadline, most }: ListLimits): Promise<Listing> {
  const files = new Set<string>();
  const git = spawn('git', gitArguments, {
    cwd: folder,
    env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const timer = setTimeout(() => git.kill('SIGKILL'), Math.max(0, deadline - performance.now()));
  let said = '';
  let rest = '';
  let isCut = false;
  git.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(0, 500)));
  git.stdout.setEncoding('utf8').on('data', (text: string) => {
    const names = (rest + text).split('\0');
    rest = names.pop() ?? '';
    // A repository inside of this one is named as a folder; its files are its own.
    names.filter((name) => !name.endsWith('/')).forEach((name) => files.add(name));
    if (files.size > most) {
      isCut = true;
      git.kill('SIGKILL');
    }
  });
  const failure = await new Promise<string | undefined>((resolve) => {
    git.once('error', (error) => resolve(error.message));
    git.once('close', (code, signal) => {
      isCut ||= signal !== null;
      resolve(code === 0 || isCut ? undefined : said.trim().split('\n')[0]);
    });
  });
  clearTimeout(timer);
  if (failure !== undefined) {
    throw new BoundaryError(
      'environment',
      `git could not list the files of ${folder}: ${failure}`,
      'Install git or mend the repository: without git it is not known which files it ignores, so none is read.',
    );
  }
  return { files: [...files].slice(0, most), byGit: true, isWhole: !isCut };
}

/** Folders of what was installed, built or measured. */
const skippedFolders = new Set(['node_modules', 'bower_components', 'dist', 'build', 'out', 'coverage', 'vendor']);

function walk(folder: string, { deadline, most }: ListLimits): Listing {
  const files: string[] = [];
  const waiting = [''];
  while (waiting.length > 0) {
    if (performance.now() > deadline || files.length > most) {
      return { files: files.slice(0, most), byGit: false, isWhole: false };
    }
    const inside = waiting.pop() ?? '';
    for (const entry of entriesOf(join(folder, inside))) {
      if (entry.isFile()) {
        files.push(inside + entry.name);
      } else if (entry.isDirectory() && !entry.name.startsWith('.') && !skippedFolders.has(entry.name)) {
        waiting.push(`${inside}${entry.name}/`);
      }
    }
  }
  return { files, byGit: false, isWhole: true };
}

/** A folder that may not be read has nothing in it for us. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
