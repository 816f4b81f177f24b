import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMessageConnection,
  type MessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
} from 'vscode-jsonrpc/node';
import { exampleRun } from '../../test/support/run-examples.ts';
import { protocolVersion, type RunEvent, type RunEventOf } from '../protocol/control.ts';
import { writeRun } from '../run/folder.ts';
import { attach, attachToStop, VersionMismatch } from './client.ts';
import { newSocketPath, newToken, serveControl } from './control.ts';

/** What a test opened: a failed one must not keep the process. */
const opened: (() => unknown)[] = [];
async function closeAll(): Promise<void> {
  const all = opened.splice(0).reverse();
  await Promise.allSettled(all.map((close) => close()));
}

describe('control server', () => {
  afterEach(closeAll);

  it('delivers every event that was sent before it closes', async () => {
    const { server, path, token } = await serve();
    const { connection } = open(path);
    const heard: number[] = [];
    connection.onNotification('event', (event: RunEventOf<'alarm'>) => {
      heard.push(event.step);
    });
    await connection.sendRequest('attach', { token, protocol: protocolVersion });
    const ended = new Promise((resolve) =>
      connection.onNotification('end', () => {
        resolve(undefined);
      }),
    );
    const steps = Array.from({ length: 200 }, (_, step) => step);
    steps.forEach((step) =>
      server.broadcast({ type: 'alarm', change: 'raised', step, name: 'x', message: 'y'.repeat(2000) }),
    );
    await server.close();
    await ended;
    assert.deepEqual(heard, steps);
  });

  it('tells a client of another version nothing, and lets it stop the run', async () => {
    for (const protocol of [undefined, protocolVersion - 1, protocolVersion + 1]) {
      const { server, path, token, asked } = await serve();
      const { connection, close } = open(path);
      const heard: unknown[] = [];
      connection.onNotification('event', (event) => void heard.push(event));
      await connection.sendRequest('attach', { token, ...(protocol === undefined ? {} : { protocol }) });
      server.broadcast({ type: 'state', run: exampleRun() });
      const other = (protocol ?? 1) < protocolVersion ? /a newer version .*only be stopped/ : /an older version/;
      await assert.rejects(connection.sendRequest('pause'), other);
      await assert.rejects(connection.sendRequest('status'), other);
      await connection.sendRequest('stop');
      assert.deepEqual([heard, asked], [[], ['stop']]);
      close();
    }
  });
});

describe('a client', () => {
  let dir: string;
  afterEach(closeAll);
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'selfq-client-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  /** A server that speaks as an engine of another version would: it answers what it is told to. */
  async function engine(reply: object): Promise<{ stopped(): boolean; tell(event: unknown): void; close(): void }> {
    const run = { ...exampleRun(), engine: { ...exampleRun().engine, socket: newSocketPath(), token: 't' } };
    writeRun(dir, run);
    let stopped = false;
    let connection: MessageConnection | undefined;
    const server = createServer((socket) => {
      connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
      connection.onRequest('attach', () => ({ run, ...reply }));
      connection.onRequest('stop', () => {
        stopped = true;
        return null;
      });
      socket.on('error', () => socket.destroy());
      connection.listen();
    });
    await new Promise<void>((resolve) => server.listen(run.engine.socket, resolve));
    opened.push(() => {
      server.close();
      connection?.dispose();
    });
    return {
      stopped: () => stopped,
      tell: (event) => void connection?.sendNotification('event', event),
      close: () => server.close(),
    };
  }

  it('refuses an engine of another version in words, and can stop it', async () => {
    const versions = [[{}, /an older version/, /selfq stop .*selfq resume/], [{ protocol: 99, run: 'unknown' }, /a newer version/, /Update this program/]] as const; // prettier-ignore
    for (const [reply, message, remedy] of versions) {
      const other = await engine(reply);
      await assert.rejects(
        attach(dir),
        (error) => error instanceof VersionMismatch && message.test(error.message) && remedy.test(error.remedy),
      );
      const link = await attachToStop(dir);
      await link.stop();
      assert.ok(other.stopped());
      link.dispose();
      other.close();
    }
  });

  it('ignores events that it does not know, and hears those that follow', async () => {
    const live = await engine({ protocol: protocolVersion });
    const client = await attach(dir);
    const heard: RunEvent[] = [];
    const done = new Promise<void>((resolve) =>
      client.onEvent((event) => {
        heard.push(event);
        resolve();
      }),
    );
    live.tell({ type: 'party', step: 1 });
    live.tell({ type: 'stage', step: 'one' });
    live.tell(null);
    live.tell({ type: 'stage', step: 1, stage: 'solve', done: 1, total: 2 });
    await done;
    assert.deepEqual(heard, [{ type: 'stage', step: 1, stage: 'solve', done: 1, total: 2 }]);
    client.dispose();
    live.close();
  });
});

/** A control server that notes what it is asked. */
async function serve() {
  const path = newSocketPath();
  const token = newToken();
  const asked: string[] = [];
  const note = (what: string) => (): void => void asked.push(what);
  const server = await serveControl(path, token, {
    status: () => ({ run: exampleRun() }),
    pause: note('pause'),
    resume: note('resume'),
    stop: note('stop'),
  });
  opened.push(() => server.close());
  return { server, path, token, asked };
}

function open(path: string): { connection: MessageConnection; close(): void } {
  const socket = connect(path);
  const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
  connection.listen();
  const close = (): void => {
    connection.dispose();
    socket.destroy();
  };
  opened.push(close);
  return { connection, close };
}
