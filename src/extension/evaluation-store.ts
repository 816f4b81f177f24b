import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { listImports, removeImport } from '../benchmarks/imported.ts';
import type { ImportRecord } from '../protocol/imports.ts';
import type { Evaluation } from '../protocol/records.ts';
import { readEvaluationFile } from '../run/folder.ts';
import { latestOfEach } from '../view/evaluations.ts';
import { ensureFolder } from './run-store.ts';

/** Evaluations that were asked for from the editor, one file each, and the benchmarks that were imported. */
export class EvaluationStore implements vscode.Disposable {
  readonly #root: string;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;

  constructor(context: vscode.ExtensionContext) {
    this.#root = context.globalStorageUri.fsPath;
  }

  /** The latest result of each policy and benchmark with its file, oldest first; damaged files are skipped. */
  files(): { file: string; evaluation: Evaluation }[] {
    const read = this.#files('evaluations', '.json').flatMap((file) => {
      try {
        return [{ file, evaluation: readEvaluationFile(file) }];
      } catch {
        return [];
      }
    });
    const fileOf = new Map(read.map(({ file, evaluation }) => [evaluation, file]));
    return latestOfEach([...fileOf.keys()]).map((evaluation) => ({ evaluation, file: fileOf.get(evaluation) ?? '' }));
  }

  /** Deletes a result. */
  async remove(file: string): Promise<void> {
    await rm(file, { force: true });
    this.#changed.fire();
  }

  /** What was imported here, or by `selfq import`. */
  imports(): ImportRecord[] {
    return listImports();
  }

  removeImport(name: string): void {
    removeImport(name);
    this.#changed.fire();
  }

  /** A path for a new result; call {@link refresh} when it is there. */
  newResultPath(): string {
    return join(ensureFolder(join(this.#root, 'evaluations')), `${new Date().toISOString().replaceAll(':', '-')}.json`);
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
