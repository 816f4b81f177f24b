import { presets } from '../base/setting.ts';
import { runSettings, shippedDomains } from '../config/tables.ts';
import { runtimeSettings } from '../runtime/settings.ts';
import { selfPlaySettings } from '../selfplay/settings.ts';

/**
 * Everything that package.json contributes, as one typed table. contributions.test.ts compares both ways, so that a
 * command, view, key or setting that exists on one side only fails the build.
 */

/** Commands of the palette, menus and links. Those of `internalCommands` take arguments and stay out of the palette. */
export const commands = {
  start: 'selfQuestioning.start',
  startAgain: 'selfQuestioning.startAgain',
  pause: 'selfQuestioning.pause',
  resume: 'selfQuestioning.resume',
  moreSteps: 'selfQuestioning.moreSteps',
  stop: 'selfQuestioning.stop',
  openDashboard: 'selfQuestioning.openDashboard',
  compareRuns: 'selfQuestioning.compareRuns',
  compareSweep: 'selfQuestioning.compareSweep',
  openRunTable: 'selfQuestioning.openRunTable',
  renameRun: 'selfQuestioning.renameRun',
  tagRun: 'selfQuestioning.tagRun',
  noteRun: 'selfQuestioning.noteRun',
  cleanRun: 'selfQuestioning.cleanRun',
  revealRun: 'selfQuestioning.revealRun',
  deleteRun: 'selfQuestioning.deleteRun',
  refreshRuns: 'selfQuestioning.refreshRuns',
  startQueue: 'selfQuestioning.startQueue',
  cancelQueued: 'selfQuestioning.cancelQueued',
  inspectProblems: 'selfQuestioning.inspectProblems',
  searchProblems: 'selfQuestioning.searchProblems',
  groupProblems: 'selfQuestioning.groupProblems',
  filterProblems: 'selfQuestioning.filterProblems',
  clearProblemFilter: 'selfQuestioning.clearProblemFilter',
  solveYourself: 'selfQuestioning.solveYourself',
  evaluate: 'selfQuestioning.evaluate',
  compareResults: 'selfQuestioning.compareResults',
  importBenchmark: 'selfQuestioning.importBenchmark',
  openBenchmark: 'selfQuestioning.openBenchmark',
  deleteBenchmark: 'selfQuestioning.deleteBenchmark',
  exportRun: 'selfQuestioning.exportRun',
  useModel: 'selfQuestioning.useModel',
  stopUsingModel: 'selfQuestioning.stopUsingModel',
  tryModel: 'selfQuestioning.tryModel',
  doctor: 'selfQuestioning.doctor',
  showLog: 'selfQuestioning.showLog',
  reportIssue: 'selfQuestioning.reportIssue',
  showMenu: 'selfQuestioning.showMenu',
  openWalkthrough: 'selfQuestioning.openWalkthrough',
} as const;

/** Called by trees, code lenses and links, with arguments; hidden from the palette where a title is declared. */
export const internalCommands = {
  openProblem: 'selfQuestioning.openProblem',
  openEvaluation: 'selfQuestioning.openEvaluation',
  showOlderSteps: 'selfQuestioning.showOlderSteps',
  runTests: 'selfQuestioning.runTests',
  showModelAnswers: 'selfQuestioning.showModelAnswers',
  showModelMenu: 'selfQuestioning.showModelMenu',
} as const;

/** Ids of the views. */
export const views = {
  runs: 'selfQuestioning.runs',
  problems: 'selfQuestioning.problems',
  benchmarks: 'selfQuestioning.benchmarks',
} as const;

/** Keys of `when` clauses that the extension sets. */
export const contextKeys = {
  /** Some run folder is known. */
  hasRuns: 'selfQuestioning.hasRuns',
  /** Some run of the queue waits, or was cut off. */
  hasQueue: 'selfQuestioning.hasQueue',
  /** Some run of a sweep is known. */
  hasSweeps: 'selfQuestioning.hasSweeps',
  /** Some run has finished a step: there is something to look at. */
  hasSteps: 'selfQuestioning.hasSteps',
  /** A run of this machine is running, or paused: commands of the palette that steer it show. */
  running: 'selfQuestioning.running',
  paused: 'selfQuestioning.paused',
  /** A run was interrupted or stopped before its last step. */
  resumable: 'selfQuestioning.resumable',
  /** A run is shown in Problems and Benchmarks. */
  hasSelectedRun: 'selfQuestioning.hasSelectedRun',
  problemsFiltered: 'selfQuestioning.problemsFiltered',
  /** What the walkthrough ticks, each when it has come about: the Doctor has reported, a problem was shown, a result or an export came. */
  checked: 'selfQuestioning.checked',
  inspected: 'selfQuestioning.inspected',
  measured: 'selfQuestioning.measured',
  /** A model answers in chat and at the cursor. */
  modelInUse: 'selfQuestioning.modelInUse',
} as const;

/** Panels' view types, and the scheme of virtual documents. */
export const panels = {
  dashboard: 'selfQuestioning.dashboard',
  problem: 'selfQuestioning.problem',
  comparison: 'selfQuestioning.comparison',
  trial: 'selfQuestioning.trial',
  runTable: 'selfQuestioning.runTable',
} as const;
/** Vendor of the language models that the extension offers to chats. */
export const chatVendor = 'self-questioning';
/** Scheme of the addresses of read-only documents. */
export const documentScheme = 'self-questioning';
/** Id of the walkthrough. */
export const walkthrough = 'firstRun';

/** A setting of the extension as package.json declares it. */
export interface SettingDeclaration {
  type: 'string' | 'number' | 'boolean' | 'object';
  default: string | number | boolean | object;
  /** `machine` settings name programs and paths and cannot be set by a workspace. */
  scope: 'machine' | 'window';
  choices?: readonly string[];
  minimum?: number;
  maximum?: number;
}

/** Settings under `selfQuestioning.`; the extension reads them through settings.ts alone. */
export const settingDeclarations = {
  domain: {
    type: 'string',
    default: runSettings.domain.default,
    scope: 'window',
    choices: shippedDomains,
  },
  topic: { type: 'string', default: selfPlaySettings.topic.default, scope: 'window' },
  model: { type: 'string', default: '', scope: 'machine' },
  preset: { type: 'string', default: 'quick', scope: 'window', choices: presets },
  steps: { type: 'number', default: 0, scope: 'window', minimum: 0, maximum: selfPlaySettings.steps.kind.maximum },
  device: {
    type: 'string',
    default: runtimeSettings.device.default,
    scope: 'machine',
    choices: runtimeSettings.device.kind.choices,
  },
  overrides: { type: 'object', default: {}, scope: 'machine' },
  runsFolder: { type: 'string', default: '', scope: 'machine' },
  nodePath: { type: 'string', default: '', scope: 'machine' },
  runWhen: { type: 'string', default: runSettings.runWhen.default, scope: 'machine' },
  whenWindowCloses: { type: 'string', default: 'continue', scope: 'window', choices: ['continue', 'stop'] },
  solveLanguage: { type: 'string', default: 'javascript', scope: 'window', choices: ['javascript', 'typescript'] },
  inlineCompletion: { type: 'boolean', default: false, scope: 'window' },
} as const satisfies Record<string, SettingDeclaration>;

/** Names of the extension's settings. */
export type SettingName = keyof typeof settingDeclarations;
