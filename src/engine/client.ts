import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createMessageConnection,
  type MessageConnection,
  ResponseError,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import { AttachReply, type ControlCalls, parseEvent, protocolVersion, type RunEvent } from '../protocol/control.ts';
import { entryPath } from '../base/entries.ts';
import { BoundaryError, fromErrorRecord } from '../base/errors.ts';
import { shellWord } from '../base/shell.ts';
import { RunRecord } from '../protocol/records.ts';
import { openLog, readLogEnd, readRun } from '../run/folder.ts';
import { isAlive, isOfThisMachine } from '../run/ownership.ts';
import type { Config } from '../config/tables.ts';
import { EngineAnnouncement } from './announcement.ts';
import { isOwnSocket } from './socket-path.ts';
import { messageReader } from './message-reader.ts';

/** A connection to an engine of any version: whatever it says, it can be ended. */
export interface EngineLink {
  /** Ends the run; resolves when the engine has been told. */
  stop(): Promise<void>;
  /** Resolves when the engine has gone, or this connection was disposed. */
  readonly closed: Promise<void>;
  dispose(): void;
}

/** A connection to a live run whose engine is of this program's version. */
export interface RunClient extends EngineLink {
  /** As it was when attached. */
  readonly run: RunRecord;
  /** Events from now on; returns how to unsubscribe. */
  onEvent(listener: (event: RunEvent) => void): () => void;
  status(): Promise<ControlCalls['status'][1]>;
  pause(): Promise<void>;
  resume(): Promise<void>;
}

/** The engine of a run is of another version than this program, which can end it and nothing else. */
export class VersionMismatch extends BoundaryError {
  constructor(dir: string, engine: number) {
    const other = engine < protocolVersion ? 'an older' : 'a newer';
    super(
      'run',
      `The engine of ${dir} belongs to ${other} version of Self-Questioning (its protocol is ${engine}, that of this program ${protocolVersion}).`,
      engine < protocolVersion
        ? `Stop it with \`selfq stop ${shellWord(dir)}\` and continue the run with \`selfq resume ${shellWord(dir)}\`.`
        : `Update this program, or stop the run with \`selfq stop ${shellWord(dir)}\`.`,
    );
  }
}

/** How an engine is started. */
export interface StartOptions {
  /** Settings of a new run; without them the run in the folder is continued. */
  config?: Config;
  /** Continue to this number of steps instead of the one that the run was begun with. */
  steps?: number;
  /** Continue although the file of the run's own domain has changed since it began. */
  acceptDomain?: boolean;
  /** The Node (24 or newer) that runs the engine; the caller's own by default. */
  nodePath?: string;
}

/** An engine answers at once; one that does not by then was stopped or hangs, milliseconds. */
const answerMs = 10_000;

/** How long the messages of an engine that was killed may take to be handed on. */
const queueMs = 250;

/**
 * Starts the engine of a run as a process that outlives this one, and resolves when it listens. Throws what the engine
 * says when it cannot start (BoundaryError): folder in use, of another version, disk full, …
 */
export async function startEngine(dir: string, options: StartOptions = {}): Promise<void> {
  const log = openLog(dir);
  const args = [
    entryPath('engine'),
    dir,
    ...(options.config ? ['--config', JSON.stringify(options.config)] : []),
    ...(options.steps === undefined ? [] : ['--steps', String(options.steps)]),
    ...(options.acceptDomain === true ? ['--accept-domain'] : []),
  ];
  const child = spawn(options.nodePath ?? process.execPath, args, {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    windowsHide: true,
  });
  closeSync(log);
  const announced = await new Promise<EngineAnnouncement>((resolve) => {
    child.once('message', (message) => resolve(EngineAnnouncement.parse(message)));
    child.once('error', (error) => resolve(failedToStart(error.message)));
    child.once('exit', () => resolve(failedToStart(lastLines(dir))));
  });
  child.removeAllListeners();
  if (child.connected) {
    child.disconnect();
  }
  child.unref();
  if (announced.type === 'failed') {
    throw fromErrorRecord(announced.error);
  }
}

/**
 * Connects to the engine of the run in `dir`. Throws BoundaryError('run') when none lives there or it cannot be reached,
 * and {@link VersionMismatch} when it is of another version.
 */
export async function attach(dir: string): Promise<RunClient> {
  const { connection, reply, ...link } = await connectToEngine(dir);
  if (reply.protocol !== protocolVersion) {
    link.dispose();
    throw new VersionMismatch(dir, reply.protocol);
  }
  const run = RunRecord.safeParse(reply.run);
  if (run.error) {
    link.dispose();
    throw unusableAnswer('attach', run.error);
  }
  return {
    ...link,
    run: run.data,
    status: () => request(connection, link.closed, 'status', undefined),
    pause: () => request(connection, link.closed, 'pause', undefined),
    resume: () => request(connection, link.closed, 'resume', undefined),
  };
}

/** Connects to the engine of the run in `dir`, whatever its version. Throws BoundaryError('run') as {@link attach} does. */
export async function attachToStop(dir: string): Promise<EngineLink> {
  const { stop, closed, dispose } = await connectToEngine(dir);
  return { stop, closed, dispose };
}

interface Connected extends EngineLink, Pick<RunClient, 'onEvent'> {
  connection: MessageConnection;
  reply: AttachReply;
}

async function connectToEngine(dir: string): Promise<Connected> {
  const run = readRun(dir);
  if (!isAlive(run.engine)) {
    throw notLive(dir);
  }
  // The record may come from anywhere: nothing is said to a socket that no engine of this user made.
  if (!isOwnSocket(run.engine.socket)) {
    throw isOfThisMachine(run.engine) ? unreachable(dir, run.engine) : elsewhere(dir);
  }
  const socket = await connectTo(run.engine.socket).catch(() => {
    throw isAlive(run.engine) ? unreachable(dir, run.engine) : notLive(dir);
  });
  const connection = createMessageConnection(messageReader(socket), new SocketMessageWriter(socket));
  // Messages that came are handed on one after the other, also after the socket has closed: `end` is the last of them.
  const closed = new Promise<void>((resolve) => {
    connection.onNotification('end', () => resolve());
    socket.once('close', () => setTimeout(resolve, queueMs));
  });
  socket.on('error', () => socket.destroy());
  const onEvent = listenForEvents(connection);
  connection.listen();
  const dispose = (): void => {
    connection.dispose();
    socket.destroy();
  };
  try {
    const params = { token: run.engine.token, protocol: protocolVersion };
    const reply = AttachReply.safeParse(await request(connection, closed, 'attach', params));
    if (reply.error) {
      throw unusableAnswer('attach', reply.error);
    }
    const stop = () => request(connection, closed, 'stop', undefined);
    return { connection, reply: reply.data, closed, onEvent, stop, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Hands events on from now on. They may come together with the answer to `attach`: the first listener gets those, too. */
function listenForEvents(connection: MessageConnection): RunClient['onEvent'] {
  const listeners = new Set<(event: RunEvent) => void>();
  let early: RunEvent[] | undefined = [];
  connection.onNotification('event', (value: unknown) => {
    const event = parseEvent(value);
    if (event) {
      early?.push(event);
      listeners.forEach((listener) => listener(event));
    }
  });
  return (listener) => {
    early?.forEach((event) => listener(event));
    early = undefined;
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
}

/** The end of engine.log: the last words of an engine that has gone. */
export function lastLines(dir: string, count = 5): string {
  return readLogEnd(dir).trimEnd().split('\n').slice(-count).join('\n');
}

async function request<Name extends keyof ControlCalls>(
  connection: MessageConnection,
  closed: Promise<void>,
  name: Name,
  params: ControlCalls[Name][0],
): Promise<ControlCalls[Name][1]> {
  const gone = closed.then((): never => {
    throw new BoundaryError('run', 'The engine went away.', 'See `selfq status DIR` and engine.log in the run folder.');
  });
  const silence = new AbortController();
  const late = sleep(answerMs, undefined, { signal: silence.signal, ref: false }).then((): never => {
    throw new BoundaryError(
      'run',
      `The engine has not answered for ${answerMs / 1000} s.`,
      'Try again; if it stays so, end its process (the pid is in run.json) and resume the run.',
    );
  });
  try {
    const reply = params === undefined ? connection.sendRequest(name) : connection.sendRequest(name, params);
    return await Promise.race([reply as Promise<ControlCalls[Name][1]>, gone, late]);
  } catch (error) {
    throw error instanceof BoundaryError ? error : unusableAnswer(name, error);
  } finally {
    late.catch(() => undefined);
    gone.catch(() => undefined);
    silence.abort();
  }
}

/** It refused, or what speaks there is no engine. */
function unusableAnswer(name: keyof ControlCalls, cause: unknown): BoundaryError {
  const words = cause instanceof ResponseError ? cause.message : 'its answer has another form.';
  const remedy = 'Try again; if it stays so, end its process (the pid is in run.json) and resume the run.';
  return new BoundaryError('run', `The engine did not do what it was asked ("${name}"): ${words}`, remedy, { cause });
}

function connectTo(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), answerMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}

function failedToStart(words: string): EngineAnnouncement {
  return {
    type: 'failed',
    error: {
      boundary: 'environment',
      message: `The engine could not start. Its last words: ${words || '(none)'}`,
      remedy: 'Run `selfq doctor`; the whole log is engine.log in the run folder.',
    },
  };
}

function notLive(dir: string): BoundaryError {
  return new BoundaryError(
    'run',
    `No engine is running ${dir}.`,
    `Continue it with \`selfq resume ${shellWord(dir)}\`.`,
  );
}

function elsewhere(dir: string): BoundaryError {
  return new BoundaryError(
    'run',
    `The engine of ${dir} runs on another machine.`,
    'Steer it there; what it has recorded can be read here.',
  );
}

/** A program that cleans the temporary folder can take the socket of a long run away. */
function unreachable(dir: string, { pid, socket }: RunRecord['engine']): BoundaryError {
  return new BoundaryError(
    'run',
    `The engine of ${dir}, process ${pid}, cannot be reached: it is ending, or its socket ${socket} is gone.`,
    `Try again; if it stays so, end process ${pid} (it finishes nothing half-written) and resume the run.`,
  );
}
