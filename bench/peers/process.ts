import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { BoundaryError } from '../../src/base/errors.ts';

/** Lines of error output that are kept for the case that the process dies. */
const keptLines = 15;

/**
 * A program to compare with, as a separate process: one line of JSON asks, one line answers; `{"error": …}` is a
 * failure. Other output is ignored. It ends when its input ends.
 */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #words: string[] = [];
  #waiting: { resolve(line: string): void; reject(error: Error): void } | undefined;
  #ended = false;

  constructor(name: string, command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (code, signal) => this.#end(signal ?? `exit code ${code}`));
    if (this.#child.stdout && this.#child.stderr) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#hear(line));
      createInterface({ input: this.#child.stderr }).on('line', (line) => {
        this.#words.push(line);
        this.#words.splice(0, this.#words.length - keptLines);
      });
    }
  }

  /** Throws BoundaryError('environment') with the process' last words when it fails. One request at a time. */
  async ask<T>(request: object, answer: z.ZodType<T>): Promise<T> {
    if (this.#ended) {
      throw this.#failure('has ended');
    }
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && 'error' in value) {
      throw this.#failure(`failed: ${String(value.error)}`);
    }
    return answer.parse(value);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #hear(line: string): void {
    if (line.startsWith('{')) {
      this.#waiting?.resolve(line);
      this.#waiting = undefined;
    }
  }

  #end(how: string): void {
    this.#ended = true;
    this.#waiting?.reject(this.#failure(`ended (${how})`));
    this.#waiting = undefined;
  }

  #failure(what: string): BoundaryError {
    const words = this.#words.length > 0 ? ` Its last words: ${this.#words.join('\n')}` : '';
    return new BoundaryError(
      'environment',
      `${this.#name} ${what}.${words}`,
      'Install it anew with `--install-peers`, or measure this program alone with `--alone`.',
    );
  }
}
