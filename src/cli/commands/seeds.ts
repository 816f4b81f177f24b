import { resolve } from 'node:path';
import { findSeeds } from '../../engine/seeds.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Arguments } from '../arguments.ts';
import { interruptible } from '../interrupt.ts';
import { seedProgressText, seedReportText } from '../seeds-text.ts';
import { createProgressOutput } from '../terminal.ts';

/** `selfq seeds`: what a run about a folder would be about. Nothing is written, and nothing of the folder is changed. */
export async function seeds(args: Arguments): Promise<number> {
  const folder = resolve(args.positionals[0] ?? '.');
  const output = createProgressOutput();
  const sandbox = await createSandbox();
  try {
    const report = await interruptible((signal) =>
      findSeeds({
        ...{ folder, exclude: args.texts('exclude'), sandbox, signal },
        onProgress: (progress) => output.status(seedProgressText(progress)),
      }),
    );
    output.clear();
    process.stdout.write(
      args.has('json') ? `${JSON.stringify(report)}\n` : seedReportText(report, args.has('rejected')),
    );
    return 0;
  } finally {
    output.clear();
    await sandbox.close();
  }
}
