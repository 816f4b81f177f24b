import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { cacheDir } from '../base/cache-dir.ts';
import { BoundaryError } from '../base/errors.ts';
import { setting } from './settings.ts';

/** Majors that isolated-vm brings a binary for. */
const fittingMajors = [24, 26];

/**
 * The Node that runs the engine, since the desktop's extension host is Electron, for which isolated-vm has no binary:
 * the setting, the one of the VSIX, the one that the launcher fetched, or the host itself where it is a fitting Node.
 * Throws BoundaryError('environment') when there is none.
 */
export function nodePath(extensionPath: string): string {
  const chosen = setting('nodePath');
  return chosen === '' ? usualNodePath(extensionPath) : checked(chosen);
}

/** The same without the setting. Throws BoundaryError('environment') when there is none. */
export function usualNodePath(extensionPath: string): string {
  const binary = process.platform === 'win32' ? 'node.exe' : 'node';
  const found = [join(extensionPath, 'node', binary), ...fetchedNodes(binary)].find((path) => existsSync(path));
  if (found !== undefined) {
    return found;
  }
  const hostFits = !process.versions['electron'] && fittingMajors.includes(Number(process.versions.node.split('.')[0]));
  if (hostFits) {
    return process.execPath;
  }
  throw new BoundaryError(
    'environment',
    vscode.l10n.t('No Node for the engine was found.'),
    vscode.l10n.t(
      'Install Node 24 and set selfQuestioning.nodePath to it, or install the extension made for your platform.',
    ),
  );
}

function checked(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) {
    return path;
  }
  throw new BoundaryError(
    'environment',
    vscode.l10n.t('There is no Node at {0}.', path),
    vscode.l10n.t('Correct the setting selfQuestioning.nodePath, or clear it to use the Node of the extension.'),
  );
}

/** bin/setup.mjs lays them down as `<cache>/node/<version>/node_modules/<package>/bin/node`. */
function fetchedNodes(binary: string): string[] {
  const below = (folder: string): string[] =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return below(join(cacheDir(), 'node'))
    .flatMap((version) => below(join(version, 'node_modules')))
    .map((pack) => join(pack, 'bin', binary));
}
