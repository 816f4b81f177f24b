import { assertMemory, type MemoryAdvice, type MemoryUse } from '../engine/memory.ts';
import { cacheDir } from '../base/cache-dir.ts';
import type { Config } from '../config/tables.ts';
import { ensureModel as fetchModel } from '../model/ensure.ts';
import type { PullProgress } from '../model/fetch/download.ts';
import { type ChosenModel, chooseModel } from '../model/installed.ts';
import { formatDuration } from '../view/format.ts';
import { interruptible } from './interrupt.ts';
import { bar, createProgressOutput, paint, type ProgressOutput } from './terminal.ts';

/**
 * Makes sure that the model called `name` is here and whole, fetching it with a progress bar if it is of the catalogue
 * or the hub. `from`: a copy that the user has, for a model of the catalogue.
 */
export async function ensureModel(name: string, options: { from?: string } = {}): Promise<ChosenModel> {
  const model = chooseModel(name, cacheDir());
  const output = createProgressOutput();
  try {
    const onProgress = createPullView(model, output);
    await interruptible((signal) => fetchModel(model, { cacheDir: cacheDir(), signal, onProgress, ...options }));
  } finally {
    output.clear();
  }
  return model;
}

/** What a model is called in the settings of a run: a path is absolute, as the engine starts elsewhere. */
export function storedModelName({ id, path, entry, hub }: ChosenModel): string {
  return entry || hub ? id : path;
}

/** Says on standard error when memory is short; throws as `assertMemory` does. */
export async function warnOfMemory(model: ChosenModel, config: Config, use: MemoryUse): Promise<void> {
  const advice = await assertMemory(model.path, config, use);
  if (advice.verdict !== 'fits') {
    showMemory(advice, createProgressOutput());
  }
}

/** Says on standard error that memory is short, and what to do. */
export function showMemory({ message, remedy }: MemoryAdvice, output: ProgressOutput): void {
  output.line(`${paint('yellow', '!')} ${message}. ${remedy}`);
}

/** Lines for a person about a download: a bar on a terminal, else a line every tenth part. */
export function createPullView({ id, entry }: ChosenModel, output: ProgressOutput): (progress: PullProgress) => void {
  const title = entry?.title ?? id;
  let started: { at: number; done: number } | undefined;
  let told = -1;
  return (progress) => {
    switch (progress.stage) {
      case 'wait':
        return output.line(`Another process is fetching ${title}; waiting for it …`);
      case 'try':
        return output.line(`Fetching ${title} from ${progress.source} …`);
      case 'failed':
        return output.line(paint('dim', `${progress.source}: ${progress.reason}`));
      case 'verify':
        return output.status(`Checking ${title} …`);
      case 'download': {
        const { done, total } = progress;
        started ??= { at: performance.now(), done };
        const seconds = (performance.now() - started.at) / 1000;
        const rate = (done - started.done) / Math.max(seconds, 0.1);
        const left = rate > 0 ? `, ${formatDuration((total - done) / rate)} left` : '';
        const text = `${megabytes(done)} of ${megabytes(total)} MB, ${megabytes(rate)} MB/s${left}`;
        output.status(`${bar(done / total)} ${text}`);
        const tenth = Math.floor((10 * done) / total);
        if (!output.isTerminal && tenth > told) {
          told = tenth;
          output.line(`${title}: ${text}`);
        }
        return undefined;
      }
      default:
        return progress satisfies never;
    }
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
