import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createMessageConnection,
  ErrorCodes,
  type Message,
  type MessageConnection,
  ResponseError,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import * as z from 'zod';
import { type ControlCalls, protocolVersion, type RunEvent } from '../protocol/control.ts';
import type { RunRecord } from '../protocol/records.ts';
import { messageReader } from './message-reader.ts';

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

/** Messages that may wait for a client that does not read; with one more it is cut off. They share their contents. */
const waitingLimit = 2_000;
/** Bytes that a client may send between two requests, and before it has attached: a request has some hundred. */
const sentLimit = { attached: 2 ** 20, stranger: 4 * 2 ** 10 };
/** A client that has not attached by then is cut off, milliseconds. */
const attachLimitMs = 10_000;
/** Clients at the same time: windows and commands of one person. */
const clientLimit = 100;

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
    const client = createClient(socket);
    clients.set(socket, client);
    socket.on('close', () => clients.delete(socket));
    answer(client, token, handlers);
    client.connection.listen();
  });
  server.maxConnections = clientLimit;
  await listen(server, path);
  return {
    broadcast(event) {
      for (const client of clients.values()) {
        if (client.protocol === protocolVersion) {
          void client.tell('event', event);
        }
      }
    },
    async close() {
      // Clients read their queue after the socket has closed: this tells them where it ends.
      const attached = [...clients.values()].filter(({ protocol }) => protocol !== undefined);
      const told = attached.map((client) => client.tell('end'));
      await Promise.race([Promise.all(told), sleep(500, undefined, { ref: false })]);
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
  /** Sends a notification; resolves when it and all before it are written or the client has gone. Never throws. */
  tell(name: 'event' | 'end', event?: RunEvent): Promise<void>;
  /** Notes that a request came, and that it was one. */
  asked(): void;
}

/** The client of `socket`, which is closed where it sends too much, reads too little or does not attach. */
function createClient(socket: Socket): Client {
  const connection = createMessageConnection(messageReader(socket), new PatientWriter(socket), silent);
  let readBefore = 0;
  const timer = setTimeout(() => client.protocol ?? socket.destroy(), attachLimitMs).unref();
  const client: Client = {
    connection,
    protocol: undefined,
    async tell(name, event) {
      try {
        // Throws where the connection has just closed.
        await (event === undefined ? connection.sendNotification(name) : connection.sendNotification(name, event));
      } catch {
        socket.destroy();
      }
    },
    asked() {
      readBefore = socket.bytesRead;
    },
  };
  socket.on('error', () => socket.destroy());
  socket.on('data', () => {
    const limit = client.protocol === undefined ? sentLimit.stranger : sentLimit.attached;
    if (socket.bytesRead - readBefore > limit) {
      socket.destroy();
    }
  });
  socket.on('close', () => {
    clearTimeout(timer);
    connection.dispose();
  });
  // What came is no message: there is nobody to tell.
  connection.onError(() => socket.destroy());
  return client;
}

/** Never fails, since a client may go away at any moment, and does not wait for one that reads nothing. */
class PatientWriter extends SocketMessageWriter {
  readonly #socket: Socket;
  #waiting = 0;

  constructor(socket: Socket) {
    super(socket);
    this.#socket = socket;
  }

  override async write(message: Message): Promise<void> {
    if (this.#waiting >= waitingLimit || this.#socket.destroyed) {
      this.#socket.destroy();
      return;
    }
    this.#waiting++;
    try {
      await super.write(message);
    } catch {
      this.#socket.destroy();
    } finally {
      this.#waiting--;
    }
  }
}

const silent = { error: () => undefined, warn: () => undefined, info: () => undefined, log: () => undefined };

function answer(client: Client, token: string, handlers: ControlHandlers): void {
  const { connection } = client;
  connection.onRequest('attach', (params: unknown) => {
    client.asked();
    if (!sameToken(params, token)) {
      throw new ResponseError(ErrorCodes.InvalidRequest, 'The token is not that of this run.');
    }
    client.protocol = protocolOf(params);
    const { run, last } = handlers.status();
    // Who comes in the middle of a stage wants to know which; the answer to `attach` may arrive after it.
    if (last && client.protocol === protocolVersion) {
      void client.tell('event', last);
    }
    return { run, protocol: protocolVersion } satisfies ControlCalls['attach'][1];
  });
  const guarded = (name: keyof ControlCalls, act: () => unknown): void => {
    connection.onRequest(name, () => {
      client.asked();
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
