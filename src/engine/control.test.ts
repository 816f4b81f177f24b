import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
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
import { newToken, serveControl } from './control.ts';
import { newSocketPath } from './socket-path.ts';

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

  it('outlives clients that go away in the middle of anything', async () => {
    const { path, token, server } = await serve({ type: 'stage', step: 1, stage: 'solve', done: 1, total: 2 });
    const attached = message('attach', { token, protocol: protocolVersion });
    const last = [attached, attached + message('status').repeat(650), attached.slice(0, -5), 'GET / HTTP/1.1\r\n\r\n'];
    for (const text of [...last, ...last, 'Content-Length: x\r\n\r\n', message('pause')]) {
      const socket = connect(path);
      socket.pause().on('error', () => undefined);
      await new Promise<void>((resolve) => socket.write(text, () => resolve()));
      server.broadcast({ type: 'state', run: exampleRun() });
      socket.destroy();
    }
    const { connection } = open(path);
    await connection.sendRequest('attach', { token, protocol: protocolVersion });
  });

  it('cuts off who sends without end before attaching, or reads nothing', async () => {
    const { path, token, server } = await serve();
    const before = process.memoryUsage().rss;
    const flood = connect(path);
    flood.on('error', () => undefined);
    const cut = closing(flood);
    flood.write('Content-Length: 600000000\r\n\r\n');
    const megabyte = Buffer.alloc(2 ** 20, 32);
    for (let sent = 0; sent < 600 && !flood.destroyed; sent++) {
      await new Promise((resolve) => flood.write(megabyte, resolve));
    }
    await cut;
    assert.ok(process.memoryUsage().rss - before < 100e6);

    const deaf = connect(path).pause();
    deaf.on('error', () => undefined);
    deaf.write(message('attach', { token, protocol: protocolVersion }));
    const { connection } = open(path);
    await connection.sendRequest('attach', { token, protocol: protocolVersion });
    const heard: unknown[] = [];
    connection.onNotification('event', (event) => void heard.push(event));
    for (let step = 0; step < 6_000; step++) {
      server.broadcast({ type: 'alarm', change: 'raised', step, name: 'x', message: 'y'.repeat(200) });
      if (step % 100 === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await connection.sendRequest('status');
    deaf.resume();
    await closing(deaf);
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

  /** A socket that takes connections and says nothing. */
  async function silent(path: string): Promise<{ asked: Promise<unknown> }> {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.on('error', () => socket.destroy()).resume()));
    const asked = once(server, 'connection');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    opened.push(() => {
      server.close();
      sockets.forEach((socket) => socket.destroy());
    });
    return { asked };
  }

  it('says nothing to a socket that no engine made, whoever names it', async () => {
    for (const path of [join(dir, 'selfq-0123456789abcdef.sock'), join(tmpdir(), `other-${process.pid}.sock`)]) {
      const { asked } = await silent(path);
      const run = exampleRun();
      writeRun(dir, { ...run, engine: { ...run.engine, socket: path } });
      await assert.rejects(attach(dir), /cannot be reached/);
      const late = new Promise((resolve) => setTimeout(resolve, 50, 'nobody'));
      assert.equal(await Promise.race([asked, late]), 'nobody');
    }
  });

  it('gives up on an engine that does not answer', async function () {
    this.timeout(30_000);
    const run = { ...exampleRun(), engine: { ...exampleRun().engine, socket: newSocketPath() } };
    await silent(run.engine.socket);
    writeRun(dir, run);
    await assert.rejects(attach(dir), /has not answered for 10 s/);
  });

  it('takes a run for dead whose heartbeat is far in the future', async () => {
    const run = exampleRun();
    writeRun(dir, { ...run, engine: { ...run.engine, startTime: 'other:1', heartbeat: '2099-01-01T00:00:00.000Z' } });
    await assert.rejects(attach(dir), /No engine is running/);
  });

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

function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** A request as it goes over the socket. */
function message(method: string, params?: object): string {
  const text = JSON.stringify({ jsonrpc: '2.0', id: method, method, ...(params ? { params } : {}) });
  return `Content-Length: ${text.length}\r\n\r\n${text}`;
}

/** A control server that notes what it is asked. */
async function serve(last?: RunEventOf<'stage'>) {
  const path = newSocketPath();
  const token = newToken();
  const asked: string[] = [];
  const note = (what: string) => (): void => void asked.push(what);
  const server = await serveControl(path, token, {
    status: () => ({ run: exampleRun(), ...(last ? { last } : {}) }),
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
