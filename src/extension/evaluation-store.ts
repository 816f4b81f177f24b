import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Evaluation } from '../protocol/records.ts';
import { readEvaluationFile } from '../run/folder.ts';
import { latestOfEach } from '../view/evaluations.ts';
import { ensureFolder } from './run-store.ts';

/** Evaluations that were asked for from the editor, one file each, and the benchmarks that were imported for them. */
export class EvaluationStore implements vscode.Disposable {
  readonly #root: string;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(context: vscode.ExtensionContext) {
    this.#root = context.globalStorageUri.fsPath;
  }

  /** The latest of each policy and benchmark, oldest first; damaged files are skipped. */
  all(): Evaluation[] {
    const read = this.#files('evaluations', '.json').flatMap((path) => {
      try {
        return [readEvaluationFile(path)];
      } catch {
        return [];
      }
    });
    return latestOfEach(read);
  }

  /** Imported problem files (JSONL). */
  benchmarks(): string[] {
    return this.#files('benchmarks', '.jsonl');
  }

  /** A path for a new result; call {@link refresh} when it is there. */
  newResultPath(): string {
    return join(ensureFolder(join(this.#root, 'evaluations')), `${new Date().toISOString().replaceAll(':', '-')}.json`);
  }

  benchmarkPath(name: string): string {
    return join(ensureFolder(join(this.#root, 'benchmarks')), `${name}.jsonl`);
  }

  refresh(): void {
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #files(folder: string, extension: string): string[] {
    const path = join(this.#root, folder);
    return existsSync(path)
      ? readdirSync(path)
          .filter((name) => name.endsWith(extension))
          .map((name) => join(path, name))
      : [];
  }
}
