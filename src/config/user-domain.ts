import { BoundaryError } from '../base/errors.ts';
import type { SettingTable } from '../base/setting.ts';
import type { UserDomainRow } from '../protocol/user-domain.ts';
import { selfPlaySettings } from '../selfplay/settings.ts';
import type { SettingValues } from './resolve.ts';

/** Settings that are a person's to choose, whatever a domain's file says. */
const personal: readonly string[] = ['seed', 'steps', 'poolShare', 'labelledShare'];

/** Settings that a domain may give defaults to: numbers of self-play, so that no file from elsewhere names a path. */
const allowed = Object.entries(selfPlaySettings as SettingTable)
  .filter(([name, { kind }]) => (kind.type === 'integer' || kind.type === 'real') && !personal.includes(name))
  .map(([name]) => name);

/**
 * The settings of a run of a user's own domain: which one it is, the defaults that it wants, and its own questions for
 * evaluation. What a person sets stands above them. Throws BoundaryError('usage') for a default that no domain may give.
 */
export function settingsOfUserDomain({ name, folder, hash, questions, settings }: UserDomainRow): SettingValues {
  const stranger = Object.keys(settings).find((setting) => !allowed.includes(setting));
  if (stranger !== undefined) {
    throw new BoundaryError(
      'usage',
      `The domain ${name} in ${folder} sets ${stranger}, which a domain cannot.`,
      `domain.settings may have ${allowed.join(', ')}.`,
    );
  }
  return {
    ...settings,
    ...{ domain: 'user', domainFolder: folder, domainName: name, domainHash: hash },
    ...(questions === undefined ? {} : { evalBenchmark: questions }),
  };
}
