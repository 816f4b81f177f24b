import type { ImportReason, ImportRecord } from '../../protocol/imports.ts';
import type { Taken } from './format.ts';

/** Rows of a reason that are named. */
const namedRows = 5;

/** Counts what is taken and why rows are left out. */
export class Tally {
  rows = 0;
  questions = 0;
  #expectUndefined = 0;
  #python = 0;
  readonly #withLabels: boolean;
  readonly #ids = new Set<string>();
  readonly #skipped = new Map<ImportReason, { count: number; first: string[] }>();

  /** `withLabels`: rows are named with their file. */
  constructor(withLabels: boolean) {
    this.#withLabels = withLabels;
  }

  /** The line of a question, as JSON; undefined where the row is left out. */
  count(taken: Taken | ImportReason, label: string, number: number): string | undefined {
    this.rows += 1;
    const result = typeof taken !== 'string' && this.#isRepeated(taken) ? 'duplicate' : taken;
    if (typeof result === 'string') {
      this.skip(result, this.#withLabels ? `${label.slice(-100)}:${number}` : String(number));
      return undefined;
    }
    this.questions += 1;
    this.#expectUndefined += result.expectsUndefined === true ? 1 : 0;
    this.#python += result.python === true ? 1 : 0;
    return JSON.stringify(result.row);
  }

  /** Counts a row, or a whole file, that is left out. */
  skip(reason: ImportReason, place: string): void {
    const entry = this.#skipped.get(reason) ?? { count: 0, first: [] };
    entry.count += 1;
    if (entry.first.length < namedRows) {
      entry.first.push(place);
    }
    this.#skipped.set(reason, entry);
  }

  figures(): Pick<ImportRecord, 'questions' | 'rows' | 'skipped' | 'expectUndefined' | 'python'> {
    return {
      questions: this.questions,
      rows: this.rows,
      skipped: [...this.#skipped].map(([reason, entry]) => ({ reason, ...entry })).sort((a, b) => b.count - a.count),
      expectUndefined: this.#expectUndefined,
      python: this.#python,
    };
  }

  #isRepeated({ id }: Taken): boolean {
    if (id === undefined) {
      return false;
    }
    const isRepeated = this.#ids.has(id);
    this.#ids.add(id);
    return isRepeated;
  }
}
