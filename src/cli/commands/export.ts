import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { exportAdapter, exportDataset } from '../../run/export.ts';
import { readRun } from '../../run/folder.ts';
import { type Arguments, nearestName, usage } from '../arguments.ts';
import { runFolderOf } from './steer.ts';

const formats = ['peft', 'dataset'];

/** `selfq export`: the adapter as PEFT loads it, or the problems and answers as JSONL. */
export async function exportCommand(args: Arguments): Promise<number> {
  const dir = runFolderOf(args);
  const format = formatOf(args.text('format'));
  readRun(dir);
  const out = resolve(args.text('out') ?? defaultOut(dir, format));
  mkdirSync(dirname(out), { recursive: true });
  const figures =
    format === 'peft'
      ? { step: exportAdapter(dir, out, args.integer('step', 0)) }
      : { questions: exportDataset(dir, out) };
  if (args.has('json')) {
    process.stdout.write(`${JSON.stringify({ format, out, ...figures })}\n`);
  } else {
    const what = 'step' in figures ? `The adapter of step ${figures.step}` : `${figures.questions} questions`;
    process.stdout.write(`${what}: ${out}\n`);
  }
  return 0;
}

function formatOf(format: string | undefined): 'peft' | 'dataset' {
  if (format === 'peft' || format === 'dataset') {
    return format;
  }
  if (format === undefined) {
    throw usage('Which format?', `Give --format ${formats.join(' or --format ')}.`);
  }
  if (format === 'merged' || format === 'tensorboard') {
    throw usage(`The format "${format}" is not available yet.`, `Choose one of ${formats.join(', ')}.`);
  }
  const nearest = nearestName(format, formats);
  throw usage(
    `There is no format "${format}".`,
    nearest ? `Did you mean ${nearest}?` : `Choose one of ${formats.join(', ')}.`,
  );
}

function defaultOut(dir: string, format: 'peft' | 'dataset'): string {
  return join(dir, 'export', format === 'peft' ? 'peft' : 'dataset.jsonl');
}
