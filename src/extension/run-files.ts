import { open, lstat } from 'node:fs/promises';
import { largestFile } from '../base/files.ts';
import { type QuestionRecord, StepMetrics, type StepLine } from '../protocol/records.ts';
import { readStep, recordedSteps, runPaths } from '../run/folder.ts';
import { feedOf } from '../view/dashboard-model.ts';
import type { FeedEntry } from '../view/messages.ts';

/** Lines parsed before other work of the extension host gets its turn. */
const linesPerTurn = 1000;

/** metrics.jsonl, read once and then only by what was added to it. Damaged and torn lines are skipped. */
export class MetricsReader {
  readonly #path: string;
  #metrics: StepMetrics[] = [];
  #offset = 0;
  #inode = 0;
  #reading: Promise<readonly StepMetrics[]> | undefined;

  constructor(dir: string) {
    this.#path = runPaths(dir).metrics;
  }

  /** All lines so far, ascending by step. Concurrent calls share one reading. */
  read(): Promise<readonly StepMetrics[]> {
    this.#reading ??= this.#readAdded().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readAdded(): Promise<readonly StepMetrics[]> {
    const found = await lstat(this.#path).catch(() => undefined);
    // The folder may come from anywhere: a link may lead to what never ends.
    if (found?.isFile() !== true || found.size > largestFile.metrics) {
      return (this.#metrics = []);
    }
    // A resumed run rewrites the file: another inode, or fewer bytes.
    if (found.ino !== this.#inode || found.size < this.#offset) {
      this.#metrics = [];
      this.#offset = 0;
      this.#inode = found.ino;
    }
    if (found.size > this.#offset) {
      await this.#append(found.size);
    }
    return this.#metrics;
  }

  async #append(size: number): Promise<void> {
    const file = await open(this.#path);
    try {
      const bytes = Buffer.alloc(size - this.#offset);
      await file.read(bytes, 0, bytes.length, this.#offset);
      const end = bytes.lastIndexOf('\n') + 1;
      const lines = bytes.toString('utf8', 0, end).split('\n');
      const added = [...this.#metrics];
      for (const [index, line] of lines.entries()) {
        added.push(...parseMetrics(line));
        if (index % linesPerTurn === linesPerTurn - 1) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      this.#metrics = added;
      this.#offset += end;
    } finally {
      await file.close();
    }
  }
}

function parseMetrics(line: string): StepMetrics[] {
  try {
    const { data } = StepMetrics.safeParse(JSON.parse(line));
    return data ? [data] : [];
  } catch {
    return [];
  }
}

/** Types of the lines that the editor shows. */
const shownTypes = ['prompt', 'proposal', 'question', 'answer'] as const;
/** A line of a step that the editor shows. */
export type ShownLine = Extract<StepLine, { type: (typeof shownTypes)[number] }>;

/** Steps whose texts are kept: that of the inspector and its neighbours. */
const keptTexts = 3;
/** Steps whose entries of lists are kept; they are small. */
const keptFeeds = 200;

/** What the editor shows of a run's steps. A step's file never changes once it is written; tokens are never read. */
export class StepReader {
  readonly #dir: string;
  readonly #texts = new Map<number, ShownLine[]>();
  readonly #feeds = new Map<number, FeedEntry[]>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Numbers of the recorded steps, ascending. */
  steps(): number[] {
    return recordedSteps(this.#dir);
  }

  /** Texts of one step. Throws BoundaryError('run') when its file is damaged. */
  read(step: number): ShownLine[] {
    return remembered(this.#texts, keptTexts, step, () => this.#load(step));
  }

  /** The proposals of one step, for lists. Throws BoundaryError('run') when its file is damaged. */
  feed(step: number): FeedEntry[] {
    return remembered(this.#feeds, keptFeeds, step, () => feedOf(step, this.#texts.get(step) ?? this.#load(step)));
  }

  /** The questions of one step. Throws BoundaryError('run') when its file is damaged. */
  questions(step: number): QuestionRecord[] {
    return readStep(this.#dir, step, ['question']);
  }

  #load(step: number): ShownLine[] {
    return readStep(this.#dir, step, shownTypes);
  }

  /** A resumed run computes steps again. */
  forget(): void {
    this.#texts.clear();
    this.#feeds.clear();
  }
}

/** The value of `key`, made once; the `limit` values that were asked for last are kept. */
function remembered<Value>(kept: Map<number, Value>, limit: number, key: number, make: () => Value): Value {
  const value = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, value);
  for (const oldest of [...kept.keys()].slice(0, -limit)) {
    kept.delete(oldest);
  }
  return value;
}
