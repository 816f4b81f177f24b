import { basename, resolve } from 'node:path';
import { nearestName } from '../../base/nearest-name.ts';
import { advanceQueue, dequeue, listQueue, type QueuedRun } from '../../engine/queue.ts';
import { shownProgress, queueText, stateText } from '../../view/progress.ts';
import { domainOfRun, modelWord } from '../../view/run-name.ts';
import { english } from '../../view/translate.ts';
import { visibleText } from '../../view/visible-text.ts';
import { stateWord } from '../../view/words.ts';
import { type Arguments, usage } from '../arguments.ts';
import { table } from '../terminal.ts';

/** `selfq queue`: the runs that wait; start the first, or cancel one. */
export async function queue(args: Arguments): Promise<number> {
  const [action, which] = args.positionals;
  switch (action) {
    case undefined:
      list(args.has('json'));
      return 0;
    case 'start':
      await start();
      return 0;
    case 'cancel':
      cancel(which);
      return 0;
    default: {
      const nearest = nearestName(action, ['start', 'cancel']);
      throw usage(
        `There is no action "${action}".`,
        nearest ? `Did you mean ${nearest}?` : 'Give start, cancel NUMBER, or nothing for the list.',
      );
    }
  }
}

function list(json: boolean): void {
  const all = listQueue();
  if (json) {
    process.stdout.write(`${JSON.stringify(all)}\n`);
    return;
  }
  if (all.length === 0) {
    process.stdout.write('The queue is empty. `selfq run --queue` adds a run.\n');
    return;
  }
  const rows = all.map((queued) => {
    const { id, dir, config } = queued;
    const model = modelWord(String(config['model'] ?? ''));
    return [String(id), whatItDoes(queued), domainOfRun(config), String(config['topic'] ?? ''), model, dir];
  });
  const isHeld = !all.some(({ state }) => state === 'running' || state === 'starting' || state === 'paused');
  const hint = isHeld ? '\n\nNone of them is running. `selfq queue start` starts the first.' : '';
  const heads = ['number', 'state', 'field', 'topic', 'model', 'folder'];
  process.stdout.write(visibleText(`${table([heads, ...rows])}${hint}\n`));
}

function whatItDoes({ state, record: run, problem, place = 'next' }: QueuedRun): string {
  if (problem !== undefined) {
    return `could not start: ${problem}`;
  }
  if (state === undefined) {
    return queueText(english, place);
  }
  return run ? stateText(english, shownProgress({ run, state, queued: place })) : stateWord(english, state);
}

async function start(): Promise<void> {
  const started = await advanceQueue({ insist: true });
  const [first] = listQueue();
  process.stderr.write(
    started
      ? `Started ${started.dir}.\n`
      : first
        ? 'Nothing was started: a run of the queue or of its folder is running, or none can start (`selfq queue`).\n'
        : 'The queue is empty.\n',
  );
}

/** By its number or its folder. A run that is running is taken out of the queue and continues. */
function cancel(which: string | undefined): void {
  const found = listQueue().find(
    ({ id, dir }) =>
      String(id) === which || (which !== undefined && (dir === resolve(which) || basename(dir) === which)),
  );
  if (!found) {
    throw usage(`The queue has no run "${which ?? ''}".`, '`selfq queue` lists them by number.');
  }
  dequeue(found.id);
  process.stderr.write(
    found.state === undefined
      ? `${found.dir} is no longer in the queue.\n`
      : `${found.dir} is no longer in the queue; what it has recorded stays.\n`,
  );
}
