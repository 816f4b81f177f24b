import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createMessageConnection,
  ErrorCodes,
  type MessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import * as z from 'zod';
import { type ControlCalls, protocolVersion, type RunEvent } from '../protocol/control.ts';
import type { RunRecord } from '../protocol/records.ts';

/** What the engine does when a client asks. */
export interface ControlHandlers {
  status(): ControlCalls['status'][1];
  pause(): void;
  resume(): void;
  stop(): void;
}

/** The control socket of a run. */
export interface ControlServer {
  broadcast(event: RunEvent): void;
  close(): Promise<void>;
}

/** A client that reads nothing while this much waits for it is cut off, bytes. */
const backlogLimit = 32 * 2 ** 20;

/**
 * A fresh address for the control socket: a named pipe on Windows, else a socket in the temporary folder, because the
 * path of a socket may have about 100 bytes and a run folder may lie deep.
 */
export function newSocketPath(): string {
  const name = `selfq-${randomBytes(8).toString('hex')}`;
  if (process.platform === 'win32') {
    return `\\\\.\\pipe\\${name}`;
  }
  const path = join(tmpdir(), `${name}.sock`);
  return Buffer.byteLength(path) < 100 ? path : join('/tmp', `${name}.sock`);
}

/** A fresh secret, 64 hexadecimal digits. */
export function newToken(): string {
  return randomBytes(32).toString('hex');
}

/**
 * Serves any number of clients on `path`. A client must send `attach` with `token` before anything else is answered;
 * from then on it gets the events, the last one about the present stage first. One of another version gets none and can
 * only stop the run.
 */
export async function serveControl(path: string, token: string, handlers: ControlHandlers): Promise<ControlServer> {
  const clients = new Map<Socket, Client>();
  const server = createServer((socket) => {
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    const client: Client = { connection, protocol: undefined };
    clients.set(socket, client);
    socket.on('close', () => {
      clients.delete(socket);
      connection.dispose();
    });
    socket.on('error', () => socket.destroy());
    answer(client, token, handlers);
    connection.listen();
  });
  await listen(server, path);
  /** Messages are written one after the other, later than they are sent: the last ones must not be cut off. */
  const sending = new Set<Promise<void>>();
  return {
    broadcast(event) {
      for (const [socket, { connection, protocol }] of clients) {
        if (socket.writableLength > backlogLimit) {
          socket.destroy();
        } else if (protocol === protocolVersion) {
          const sent: Promise<void> = connection
            .sendNotification('event', event)
            .catch(() => socket.destroy())
            .then(() => void sending.delete(sent));
          sending.add(sent);
        }
      }
    },
    async close() {
      // Clients read their queue after the socket has closed: this tells them where it ends.
      for (const { connection, protocol } of clients.values()) {
        if (protocol !== undefined) {
          sending.add(connection.sendNotification('end').catch(() => undefined));
        }
      }
      await Promise.race([Promise.all(sending), sleep(500, undefined, { ref: false })]);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of clients.keys()) {
        socket.end();
        setTimeout(() => socket.destroy(), 500).unref();
      }
      await closed;
      rmSync(path, { force: true });
    },
  };
}

/** run.json as it is told to clients: they have the token already, and their output must not spread it. */
export function withoutToken(run: RunRecord): RunRecord {
  return { ...run, engine: { ...run.engine, token: '' } };
}

interface Client {
  connection: MessageConnection;
  /** Version of the protocol that it speaks; undefined until it has attached. */
  protocol: number | undefined;
}

function answer(client: Client, token: string, handlers: ControlHandlers): void {
  const { connection } = client;
  connection.onRequest('attach', (params: unknown) => {
    if (!sameToken(params, token)) {
      throw new ResponseError(ErrorCodes.InvalidRequest, 'The token is not that of this run.');
    }
    client.protocol = protocolOf(params);
    const { run, last } = handlers.status();
    // Who comes in the middle of a stage wants to know which; the answer to `attach` may arrive after it.
    if (last && client.protocol === protocolVersion) {
      void connection.sendNotification('event', last);
    }
    return { run, protocol: protocolVersion } satisfies ControlCalls['attach'][1];
  });
  const guarded = (name: keyof ControlCalls, act: () => unknown): void => {
    connection.onRequest(name, () => {
      if (client.protocol === undefined) {
        throw new ResponseError(ErrorCodes.InvalidRequest, 'Send "attach" with the token of run.json first.');
      }
      if (client.protocol !== protocolVersion && name !== 'stop') {
        throw new ResponseError(ErrorCodes.InvalidRequest, otherVersion(client.protocol));
      }
      return act() ?? null;
    });
  };
  guarded('status', () => handlers.status());
  guarded('pause', () => handlers.pause());
  guarded('resume', () => handlers.resume());
  guarded('stop', () => handlers.stop());
}

/** Version of the client that sent these parameters; the first one did not say. */
function protocolOf(params: unknown): number {
  return z.object({ protocol: z.number().int() }).safeParse(params).data?.protocol ?? 1;
}

function otherVersion(client: number): string {
  const other = client < protocolVersion ? 'a newer' : 'an older';
  const versions = `its protocol is ${protocolVersion}, that of this window or command ${client}`;
  return `The engine of this run belongs to ${other} version of Self-Questioning (${versions}). It can only be stopped from here.`;
}

/** Compares hashes, so that neither length nor content shows in the time that it takes. */
function sameToken(params: unknown, token: string): boolean {
  if (typeof params !== 'object' || params === null || !('token' in params) || typeof params.token !== 'string') {
    return false;
  }
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(params.token), digest(token));
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  if (process.platform !== 'win32') {
    chmodSync(path, 0o600);
  }
}
