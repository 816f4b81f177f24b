import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import * as vscode from 'vscode';
import { entryPath } from '../base/entries.ts';
import { BoundaryError } from '../base/errors.ts';
import { childEnvironment } from './child-environment.ts';
import { nodePath } from './node-path.ts';

/** How a child is run and watched. */
export interface ChildOptions {
  extensionPath: string;
  log: vscode.LogOutputChannel;
  /** The Node that runs it; that of the engine without it. */
  node?: string;
  /** Ends the child; the promise then rejects with BoundaryError('interrupted'). */
  token?: vscode.CancellationToken;
  /** Each line that it says on stderr. */
  onLine?: (line: string) => void;
  /** Each line that it writes to stdout. */
  onOutput?: (line: string) => void;
  /** Exit codes besides 0 whose output counts. */
  accept?: readonly number[];
}

/**
 * Runs one command of the command line in a separate process, so that the editor's host loads no native code and
 * stays idle. Resolves to what it wrote to stdout. Throws BoundaryError with the command's last words.
 */
export function selfq(args: readonly string[], options: ChildOptions): Promise<string> {
  return runNode([entryPath('cli'), ...args], options);
}

/** Runs a program of ours with the engine's Node. Like {@link selfq} otherwise. */
export async function runNode(args: readonly string[], options: ChildOptions): Promise<string> {
  const child = startNode(args, options);
  child.process.stdin.end();
  let stdout = '';
  child.process.stdout.on('data', (chunk: string) => (stdout += chunk));
  const cancelled = options.token?.onCancellationRequested(() => child.process.kill('SIGINT'));
  const code = await child.ended;
  cancelled?.dispose();
  if (options.token?.isCancellationRequested) {
    throw new BoundaryError('interrupted', vscode.l10n.t('Cancelled.'), '');
  }
  if (code !== 0 && !(options.accept ?? []).includes(code ?? -1)) {
    throw child.failure(code);
  }
  return stdout;
}

/** A program of ours in a process of its own. */
export interface Child {
  process: ChildProcessWithoutNullStreams;
  /** Its exit code, null where a signal ended it. Rejects where it could not be started. */
  ended: Promise<number | null>;
  /** Why it ended with this code, by its last words. */
  failure: (code: number | null) => BoundaryError;
}

/** Starts a program of ours with the engine's Node. Throws BoundaryError('environment') where there is none. */
export function startNode(
  args: readonly string[],
  { extensionPath, log, node, onLine, onOutput }: Omit<ChildOptions, 'token' | 'accept'>,
): Child {
  log.debug(args.join(' '));
  const child = spawn(node ?? nodePath(extensionPath), ['--no-node-snapshot', ...args], {
    env: { ...environmentOfChildren(), SELFQ_PROGRESS_MS: '700' },
    stdio: 'pipe',
    windowsHide: true,
  });
  let stderr = '';
  // A program that ends before it has read what it was told says why by its end.
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-10_000)));
  child.stdout.setEncoding('utf8').on(
    'data',
    eachLine((line) => onOutput?.(line)),
  );
  child.stderr.on(
    'data',
    eachLine((line) => {
      log.debug(line);
      onLine?.(line);
    }),
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { process: child, ended, failure: (code) => failure(stderr, code) };
}

/**
 * Hands the lines of a child's progress to a notification: their text without the bar, and how far it is where they say
 * `3 of 24` or `36 %`.
 */
export function progressLines(
  progress: vscode.Progress<{ message?: string; increment?: number }>,
): (line: string) => void {
  let reached = 0;
  return (line) => {
    const [, done, total] = /(\d{1,20}(?:\.\d{1,20})?) of (\d{1,20}(?:\.\d{1,20})?)/.exec(line) ?? [];
    const percent =
      Number(total) > 0
        ? (100 * Number(done)) / Number(total)
        : Number(/(\d{1,20}(?:\.\d{1,20})?)\s?%/.exec(line)?.[1] ?? reached);
    progress.report({ message: progressText(line), increment: Math.max(0, percent - reached) });
    reached = Math.max(reached, percent);
  };
}

/** A line of progress without its bar, as it fits in a message. */
export function progressText(line: string): string {
  return line
    .replaceAll(/▕[█░]*▏/g, '')
    .trim()
    .slice(0, 120);
}

function environmentOfChildren(): NodeJS.ProcessEnv {
  const proxy = vscode.workspace.getConfiguration('http').get<string>('proxy') ?? '';
  return childEnvironment(proxy, process.env);
}

/** Calls `take` for every whole line, however the chunks fall; a carriage return ends a line of progress too. */
function eachLine(take: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split(/[\r\n]+/);
    rest = lines.pop() ?? '';
    lines.filter((line) => line.trim() !== '').forEach(take);
  };
}

/** The command line says what is wrong in a line that begins with `Error:`, and what to do in the next. */
function failure(stderr: string, code: number | null): BoundaryError {
  const lines = stderr.split('\n').map((line) => line.trim());
  const first = lines.findLastIndex((line) => /^(?:Unexpected error|Error): /.test(line));
  const words = first < 0 ? lines.filter((line) => line !== '').slice(-2) : lines.slice(first, first + 2);
  return new BoundaryError(
    'environment',
    words[0]?.replace(/^Error: /, '') ?? vscode.l10n.t('The command ended with code {0}.', String(code)),
    words[1] ?? vscode.l10n.t('See the log (Self-Questioning: Show Log).'),
  );
}
