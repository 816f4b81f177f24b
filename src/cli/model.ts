import { totalmem } from 'node:os';
import { assertPresent, type ChosenModel, chooseModel } from '../engine/model-file.ts';
import { cacheDir } from '../model/cache-dir.ts';
import { pullModel, type PullProgress } from '../model/download.ts';
import { bar, createProgressOutput, duration, paint, type ProgressOutput } from './terminal.ts';

/** Makes sure that the model called `name` is here and whole, fetching it with a progress bar if it is in the catalogue. */
export async function ensureModel(name: string, options: { from?: string } = {}): Promise<ChosenModel> {
  const model = chooseModel(name, cacheDir());
  if (!model.entry) {
    assertPresent(model);
    return model;
  }
  const output = createProgressOutput();
  const interrupted = new AbortController();
  const onSignal = (): void => interrupted.abort();
  process.on('SIGINT', onSignal);
  try {
    const onProgress = createPullView(model.entry.title, output);
    await pullModel(model.entry, { cacheDir: cacheDir(), signal: interrupted.signal, onProgress, ...options });
  } finally {
    output.clear();
    process.off('SIGINT', onSignal);
  }
  warnOfMemory(model, output);
  return model;
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
        const left = rate > 0 ? `, ${duration((total - done) / rate)} left` : '';
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

function warnOfMemory({ entry }: ChosenModel, output: ProgressOutput): void {
  const gib = totalmem() / 2 ** 30;
  if (entry && gib < entry.memoryGiB) {
    const need = `${entry.title} wants about ${entry.memoryGiB} GiB of memory, this machine has ${gib.toFixed(0)}.`;
    output.line(`${paint('yellow', '!')} ${need} If it runs out, lower --set slots=8 or take --model smollm2-135m.`);
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
