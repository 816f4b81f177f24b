import { integer, type SettingTable, type ValuesOf } from '../base/setting.ts';

/** What the sandbox of a run can be told. */
export const sandboxSettings = {
  sandboxWorkers: {
    kind: integer(0, 64),
    unit: 'processes',
    description: 'Programs that run at once; 0 = one per core.',
    default: 0,
  },
} as const satisfies SettingTable;

/** The settings of the sandbox with their values. */
export type SandboxSettings = ValuesOf<typeof sandboxSettings>;
