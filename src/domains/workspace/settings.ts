import { real, text, textUpTo, type DomainDefault, type SettingTable } from '../../base/setting.ts';
import { codingSettings } from '../coding/settings.ts';

/** What runs about the functions of a folder can be told, besides what coding can. */
export const workspaceSettings = {
  ...codingSettings,
  // Problems in the layout of the paper are not about functions.
  testsMode: { ...codingSettings.testsMode, default: 'executed' },
  workspace: {
    kind: text,
    description:
      'Folder whose TypeScript and JavaScript functions the problems are made from; empty = the current folder.',
    default: '',
  },
  exclude: {
    // It reaches the engine as an argument of its process.
    kind: textUpTo(60_000),
    description:
      'Files and functions that are not used, as patterns separated by commas, such as test/**,*.spec.ts,src/a.ts#name.',
    default: '',
  },
  statementShare: {
    kind: real(0, 1),
    unit: 'share of proposer prompts',
    description:
      'Prompts that ask for the statement of the problem that a function solves; the others ask for a new problem in its manner.',
    default: 0.5,
  },
  heldOutShare: {
    kind: real(0, 0.5),
    unit: 'share of files',
    description:
      'Files whose functions no prompt shows: problems about them tell, before and after, what was learned. 0 = none.',
    default: 0.2,
  },
} as const satisfies SettingTable;

/**
 * Defaults of other settings: a prompt shows a function besides the worked example; and a statement that no answer solves
 * may well not be that of the function, which partial credit would then teach all the same.
 */
export const workspaceDefaults: Readonly<Record<string, DomainDefault>> = { maxPromptTokens: 768, minAgreement: 1 };
