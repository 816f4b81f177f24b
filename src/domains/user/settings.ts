import { text, type SettingTable } from '../../base/setting.ts';

/** Which domain of a user's own a run has. `selfq run --domain ./DIR` fills them in. */
export const userSettings = {
  domainFolder: {
    kind: text,
    description: 'Folder of the domain (docs/domains.md); `--domain ./DIR` or the name of a package sets it.',
    default: '',
  },
  domainName: { kind: text, description: 'What the domain calls itself; --domain sets it.', default: '' },
  domainHash: {
    kind: text,
    description: "SHA-256 of the domain's file, hex, by which a run knows its domain again; --domain sets it.",
    default: '',
  },
} as const satisfies SettingTable;

/** Defaults of self-play in these domains, below those that a domain gives itself: short texts, and varied ones. */
export const userDefaults = {
  maxProposalTokens: { quick: 64, laptop: 128 },
  maxAnswerTokens: { quick: 64, laptop: 128 },
} as const;
