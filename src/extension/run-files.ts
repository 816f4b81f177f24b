import { open, stat } from 'node:fs/promises';
import { StepMetrics, type StepLine } from '../protocol/records.ts';
import { readStep, recordedSteps, runPaths } from '../run/folder.ts';

/** Lines parsed before other work of the extension host gets its turn. */
const linesPerTurn = 1000;

/** metrics.jsonl, read once and then only by what was added to it. Damaged and torn lines are left out. */
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
    const found = await stat(this.#path).catch(() => undefined);
    if (!found) {
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

/** Records of the latest steps, kept for as long as they are few; a step's file never changes once it is written. */
export class StepReader {
  readonly #dir: string;
  readonly #kept = new Map<number, StepLine[]>();
  readonly #limit = 20;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Numbers of the recorded steps, ascending. */
  steps(): number[] {
    return recordedSteps(this.#dir);
  }

  /** Lines of one step. Throws BoundaryError('run') when its file is damaged. */
  read(step: number): StepLine[] {
    const kept = this.#kept.get(step) ?? readStep(this.#dir, step);
    this.#kept.delete(step);
    this.#kept.set(step, kept);
    if (this.#kept.size > this.#limit) {
      this.#kept.delete(this.#kept.keys().next().value!);
    }
    return kept;
  }

  /** A resumed run computes steps again. */
  forget(): void {
    this.#kept.clear();
  }
}
