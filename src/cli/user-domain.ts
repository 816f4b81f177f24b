import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { lazily } from '../base/lazy.ts';
import { nearestName } from '../base/nearest-name.ts';
import { BoundaryError } from '../base/errors.ts';
import type { SettingValue } from '../base/setting.ts';
import { settingsOfUserDomain } from '../config/user-domain.ts';
import { domainSettings, shippedDomains } from '../domains/settings.ts';
import { findDomainFolder, isFolderName } from '../domains/user/folder.ts';
import { openUserDomain } from '../domains/user/user.ts';
import type { UserDomainRow } from '../protocol/user-domain.ts';
import { createSandbox } from '../sandbox/host/pool.ts';

/**
 * The same settings, with those of a user's own domain where `domain` names a folder or a package: which one it is, and
 * the defaults that it wants, below all that was named. Throws BoundaryError for a domain that cannot be used.
 */
export async function withUserDomain(
  named: Readonly<Record<string, SettingValue>>,
): Promise<Record<string, SettingValue>> {
  const name = named['domain'];
  // A name that is neither is refused where the settings are read, by the names that there are.
  if (name === undefined || Object.hasOwn(domainSettings, String(name))) {
    return { ...named };
  }
  const { domain: _, ...rest } = named;
  return { ...settingsOfUserDomain(await describeDomain(findUserDomain(String(name)))), ...rest };
}

/** The folder that a person names in a command about domains alone, where `words` may also be the folder ./words. */
export function namedFolder(name: string): string {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ? resolve(name) : findUserDomain(name);
}

/** The folder that a name means. Throws BoundaryError('usage') that names what it may have been meant to be. */
export function findUserDomain(name: string): string {
  try {
    return findDomainFolder(name, process.cwd());
  } catch (error) {
    const nearest = isFolderName(name) ? undefined : nearestName(name, shippedDomains);
    throw error instanceof BoundaryError && nearest !== undefined
      ? new BoundaryError('usage', error.message, `Did you mean "${nearest}"?`)
      : error;
  }
}

/** What the domain in a folder says of itself. Throws BoundaryError for one that cannot be used. */
export async function describeDomain(folder: string): Promise<UserDomainRow> {
  const sandbox = lazily(() => createSandbox({ workers: 1, canaries: 'none' }));
  try {
    const options = { domainFolder: folder, domainHash: '', topic: '', safetyGuard: 'words' } as const;
    return (await openUserDomain(options, () => sandbox.get())).row;
  } finally {
    await sandbox.close();
  }
}
