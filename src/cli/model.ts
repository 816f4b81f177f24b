import { assertMemory, type MemoryUse } from '../engine/memory.ts';
import { cacheDir } from '../base/cache-dir.ts';
import { pullModel, type PullOptions, type PullProgress } from '../model/fetch/download.ts';
import { pullHubModel } from '../model/fetch/hub-model.ts';
import { assertReady, type ChosenModel, chooseModel } from '../model/installed.ts';
import { BoundaryError } from '../base/errors.ts';
import type { Config } from '../selfplay/config.ts';
import { formatDuration } from '../view/format.ts';
import { bar, createProgressOutput, paint, type ProgressOutput } from './terminal.ts';

/**
 * Makes sure that the model called `name` is here and whole, fetching it with a progress bar if it is of the catalogue
 * or the hub. `from`: a copy that the user has, for a model of the catalogue.
 */
export async function ensureModel(name: string, options: { from?: string } = {}): Promise<ChosenModel> {
  const model = chooseModel(name, cacheDir());
  if (!model.entry && !model.hub) {
    await assertReady(model);
    return model;
  }
  const output = createProgressOutput();
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  process.on('SIGINT', onSignal);
  try {
    const onProgress = createPullView(model.entry?.title ?? model.id, output);
    await fetchModel(model, { cacheDir: cacheDir(), signal: interrupted.signal, onProgress, ...options });
  } finally {
    output.clear();
    process.off('SIGINT', onSignal);
  }
  return model;
}

async function fetchModel({ id, entry, hub }: ChosenModel, options: PullOptions): Promise<void> {
  if (entry) {
    await pullModel(entry, options);
    return;
  }
  if (options.from !== undefined) {
    throw new BoundaryError(
      'usage',
      `--from is for models of the catalogue, and ${id} is not in it.`,
      'Use your file or folder as it is: --model PATH.',
    );
  }
  if (hub) {
    await pullHubModel(hub, options);
  }
}

/** Says on standard error when memory is short; throws as `assertMemory` does. */
export async function warnOfMemory(model: ChosenModel, config: Config, use: MemoryUse): Promise<void> {
  const { verdict, message, remedy } = await assertMemory(model.path, config, use);
  if (verdict !== 'fits') {
    createProgressOutput().line(`${paint('yellow', '!')} ${message}. ${remedy}`);
  }
}

/** Lines for a person about a download: a bar on a terminal, else a line every tenth part. */
function createPullView(title: string, output: ProgressOutput): (progress: PullProgress) => void {
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
