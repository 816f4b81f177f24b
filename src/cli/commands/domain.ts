import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { makeFolderSync } from '../../base/make-folder.ts';
import { explainFileError } from '../../base/files.ts';
import { lazily } from '../../base/lazy.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { shellWord } from '../../base/shell.ts';
import { packageFolder } from '../../benchmarks/package-folder.ts';
import { settingsOfUserDomain } from '../../config/user-domain.ts';
import { domainSettings, shippedDomains } from '../../domains/settings.ts';
import { checkDomain, type CheckLine } from '../../domains/user/check.ts';
import { domainFiles } from '../../domains/user/folder.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import { type Arguments, usage } from '../arguments.ts';
import { paint, table } from '../terminal.ts';
import { describeDomain, namedFolder } from '../user-domain.ts';

const actions = ['init', 'check', 'test', 'show', 'list'];

/** `selfq domain`: domains of a user's own. */
export async function domain(args: Arguments): Promise<number> {
  const [action = 'list', name] = args.positionals;
  const needed = (what: string): string => {
    if (name === undefined) {
      throw usage(`Which ${what}?`, `Write \`selfq domain ${action} ${what === 'name' ? 'NAME' : './DIR'}\`.`);
    }
    return name;
  };
  switch (action) {
    case 'init':
      return init(needed('name'), args);
    case 'check':
    case 'test':
      return check(needed('folder'), args.has('json'));
    case 'show':
      return show(needed('folder'), args.has('json'));
    case 'list':
      return list(args.has('json'));
    default: {
      const nearest = nearestName(action, actions);
      throw usage(
        `\`selfq domain\` cannot "${action}".`,
        nearest ? `Did you mean ${nearest}?` : `Choose one of ${actions.join(', ')}.`,
      );
    }
  }
}

/** Name that the domain of the template has. */
const templateName = 'word-order';

/** Writes a folder with a domain that works, under the name that was given. */
function init(name: string, args: Arguments): number {
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(name) || Object.hasOwn(domainSettings, name)) {
    throw usage(
      `A domain cannot be called "${name}".`,
      `Give lower-case letters, digits and -, a letter first, and no name that is taken (${shippedDomains.join(', ')}).`,
    );
  }
  const dir = resolve(args.text('dir') ?? name);
  if (existsSync(dir) && (!statSync(dir).isDirectory() || readdirSync(dir).length > 0)) {
    throw usage(`${dir} is there already and is not empty.`, 'Choose another folder with --dir.');
  }
  const template = join(packageFolder(), 'data', 'domain-template');
  try {
    makeFolderSync(dir);
    for (const file of readdirSync(template)) {
      if (/\.(?:md|json|ts)$/.test(file) && !file.endsWith('.d.ts')) {
        const text = readFileSync(join(template, file), 'utf8').replaceAll(`'${templateName}'`, `'${name}'`);
        writeFileSync(join(dir, file), text.replaceAll('DOMAIN-NAME', name));
      } else {
        copyFileSync(join(template, file), join(dir, file));
      }
    }
  } catch (error) {
    throw explainFileError(error, dir);
  }
  const shown = folderArgument(dir);
  process.stdout.write(
    args.has('json')
      ? `${JSON.stringify({ name, folder: dir })}\n`
      : `The domain ${name} is in ${shown}; it works as it is.\n\n  selfq domain check ${shown}\n  selfq run --domain ${shown} --steps 3\n\nEdit ${domainFiles.typescript}; ${join(shown, 'README.md')} says what is what.\n`,
  );
  return 0;
}

/** The folder as it is typed behind --domain. */
function folderArgument(dir: string): string {
  const path = relative(process.cwd(), dir);
  return shellWord(path === '' ? './' : path.startsWith('..') ? dir : `./${path}`);
}

async function check(name: string, json: boolean): Promise<number> {
  const sandbox = lazily(() => createSandbox({ workers: 1, canaries: 'none' }));
  try {
    const { opened, lines } = await checkDomain(namedFolder(name), () => sandbox.get());
    settingsOfUserDomain(opened.row);
    const failed = lines.filter(({ ok }) => !ok).length;
    process.stdout.write(
      json
        ? `${JSON.stringify({ ok: failed === 0, ...opened.row, lines })}\n`
        : `${lines.map(lineText).join('\n')}\n${failed === 0 ? `${opened.row.name} can be used: selfq run --domain ${folderArgument(opened.row.folder)}` : `${failed} of ${lines.length} checks failed.`}\n`,
    );
    return failed === 0 ? 0 : 1;
  } finally {
    await sandbox.close();
  }
}

function lineText({ ok, warning, text }: CheckLine): string {
  const sign = ok ? (warning ? paint('yellow', '!') : paint('green', '✔')) : paint('red', '✘');
  return `${sign} ${text}`;
}

async function show(name: string, json: boolean): Promise<number> {
  const row = await describeDomain(namedFolder(name));
  settingsOfUserDomain(row);
  const lines = [
    ['name', row.name],
    ['description', row.description],
    ['folder', row.folder],
    ['file', `${row.hash.slice(0, 12)} (SHA-256)`],
    ['rewarded by', row.rewardedBy],
    ['questions', row.questions ?? 'none'],
    ['settings', Object.entries(row.settings).map(([key, value]) => `${key}=${value}`).join(', ') || 'none'], // prettier-ignore
  ];
  process.stdout.write(`${json ? JSON.stringify(row) : table(lines)}\n`);
  return 0;
}

/** Folders that are looked into, at most. */
const mostFolders = 2000;

/** Folders of domains in this folder, in `domains/` and in `node_modules`, by the files that they hold. */
function foldersHere(): string[] {
  const cwd = process.cwd();
  const modules = subfolders(join(cwd, 'node_modules'));
  const scoped = modules.filter((path) => /[/\\]@[^/\\]+$/.test(path)).flatMap(subfolders);
  const candidates = [cwd, ...subfolders(cwd), ...subfolders(join(cwd, 'domains')), ...modules, ...scoped];
  return candidates
    .slice(0, mostFolders)
    .filter((path) => existsSync(join(path, domainFiles.typescript)) || existsSync(join(path, domainFiles.javascript)))
    .filter((path) => existsSync(join(path, domainFiles.questions)) || existsSync(join(path, domainFiles.tests)));
}

function subfolders(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith('.'))
      .map((entry) => join(path, entry.name));
  } catch {
    return [];
  }
}

async function list(json: boolean): Promise<number> {
  const own = foldersHere().map((folder) => {
    const modules = join(process.cwd(), 'node_modules');
    const name = folder.startsWith(modules) ? relative(modules, folder).replaceAll('\\', '/') : folderArgument(folder);
    return { domain: name, folder };
  });
  const rows = [...shippedDomains.map((name) => ({ domain: name, folder: null })), ...own];
  process.stdout.write(
    json
      ? `${JSON.stringify(rows)}\n`
      : `${table([['--domain', 'where'], ...rows.map(({ domain: name, folder }) => [name, folder ?? 'comes with selfq'])])}\n`,
  );
  return Promise.resolve(0);
}
