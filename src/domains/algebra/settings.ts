import { choice, type DomainDefault, type SettingTable } from '../../base/setting.ts';
import { answerFormSetting, labelSetting } from '../value-settings.ts';

/** What the algebra domain can be told. `paper`: arXiv 2508.03682. */
export const algebraSettings = {
  answerForm: answerFormSetting,
  label: labelSetting,
  layout: {
    kind: choice('equations', 'selected'),
    description:
      'equations: a proposal is one word problem that ends with its equations, which the solver sees, too; selected: three problems of which the last is chosen, without equations (the paper). agreement needs equations.',
    default: { quick: 'equations', paper: 'selected' },
  },
} as const satisfies SettingTable;

/** Defaults of self-play in this domain. */
export const algebraDefaults = {
  temperature: { quick: 0.8, laptop: 0.8 },
  maxProposalTokens: { quick: 192, laptop: 192, paper: 3072 },
  maxAnswerTokens: { quick: 256, laptop: 256, paper: 3072 },
  learningRate: { quick: 5e-5, laptop: 5e-5 },
  proposerUpdateEvery: { quick: 0, laptop: 0 },
} as const satisfies Readonly<Record<string, DomainDefault>>;
