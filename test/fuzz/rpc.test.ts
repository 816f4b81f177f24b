import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../../src/base/errors.ts';
import { attach } from '../../src/engine/client.ts';
import { serveControl, newToken } from '../../src/engine/control.ts';
import { newSocketPath } from '../../src/engine/socket-path.ts';
import { protocolVersion } from '../../src/protocol/control.ts';
import { writeRun } from '../../src/run/folder.ts';
import { exampleMetrics, exampleRun } from '../support/run-examples.ts';
import { fuzzCases, fuzzSeconds, limitMemory, limitTime } from '../support/fuzz.ts';
import { draws, type Draws, mutateBytes, mutateJson } from '../support/mutations.ts';

const memoryLimitBytes = 300e6;

function frame(value: unknown): Buffer {
  const text = JSON.stringify(value);
  return Buffer.from(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

const odd = [
  'Content-Length: -1\r\n\r\n',
  'Content-Length: 1e9\r\n\r\n',
  '\r\n\r\n',
  'x: y\r\n\r\n{}',
  '{"jsonrpc":"2.0"}',
];

/** Messages, changed as JSON or as bytes, or something that is none. */
function hostile(messages: readonly unknown[], random: Draws): Buffer {
  const parts = Array.from({ length: 1 + random.below(4) }, () => {
    const message = random.pick(messages);
    switch (random.below(5)) {
      case 0:
        return mutateBytes(frame(message), random);
      case 1:
        return Buffer.from(random.pick(odd));
      case 2:
        return Buffer.concat(Array.from({ length: 100 }, () => frame(message)));
      default:
        return frame(mutateJson(message, random));
    }
  });
  return Buffer.concat(parts);
}

/** What an unknown program may say over a control socket, as a client and as an engine. */
describe('the control socket and its neighbours', function () {
  this.timeout((fuzzSeconds * 2 + 60) * 1000);
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);
  const mocha = process.listeners('unhandledRejection');
  before(() => {
    // What nobody waits for is counted here, so that the case is known.
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', onRejection);
  });
  after(() => {
    process.removeAllListeners('unhandledRejection');
    mocha.forEach((listener) => process.on('unhandledRejection', listener));
  });

  async function fuzz(seed: number, attempt: (random: Draws) => Promise<void>): Promise<void> {
    const assertMemory = limitMemory(memoryLimitBytes);
    for (const index of fuzzCases(fuzzSeconds / 2)) {
      const name = `FUZZ_CASE=${index}`;
      const assertTime = limitTime(name);
      await attempt(draws(seed, index));
      assertTime();
      assert.deepEqual(rejections, [], name);
      assertMemory(name);
    }
  }

  it('an engine answers its own people, whatever others say', async () => {
    const path = newSocketPath();
    const token = newToken();
    let broken = 0;
    const server = await serveControl(path, token, {
      status: () => ({ run: exampleRun(), last: { type: 'stage', step: 1, stage: 'solve', done: 1, total: 2 } }),
      pause: () => undefined,
      resume: () => undefined,
      stop: () => broken++,
    });
    const call = (id: number, method: string, params?: object) => ({ jsonrpc: '2.0', id, method, ...(params ? { params } : {}) }); // prettier-ignore
    const attached = call(1, 'attach', { token, protocol: protocolVersion });
    const messages = [attached, call(2, 'status'), call(3, 'pause'), call(4, 'resume'), { jsonrpc: '2.0', id: 9, result: {} }]; // prettier-ignore
    const run = { ...exampleRun(), engine: { ...exampleRun().engine, socket: path, token } };
    const dir = mkdtempSync(join(tmpdir(), 'fuzz-rpc-'));
    writeRun(dir, run);
    try {
      await fuzz(21, async (random) => {
        const socket = connect(path).on('error', () => undefined);
        if (random.below(2) === 0) {
          socket.pause();
        }
        socket.write(random.below(2) === 0 ? frame(attached) : '');
        await new Promise((resolve) => socket.write(hostile(messages, random), resolve));
        server.broadcast({ type: 'metrics', metrics: exampleMetrics(1) });
        if (random.below(2) === 0) {
          await new Promise((resolve) => setTimeout(resolve, random.below(5)));
        }
        socket.destroy();
        const client = await attach(dir);
        assert.equal((await client.status()).run.id, 'example');
        client.dispose();
      });
      assert.equal(broken, 0);
    } finally {
      await server.close();
      rmSync(dir, { recursive: true });
    }
  });

  it('a window bears what an engine says that is none of ours', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'fuzz-rpc-'));
    const run = { ...exampleRun(), engine: { ...exampleRun().engine, socket: newSocketPath(), token: 't' } };
    writeRun(dir, run);
    const reply = { jsonrpc: '2.0', id: 0, result: { run, protocol: protocolVersion } };
    const event = (params: object) => ({ jsonrpc: '2.0', method: 'event', params });
    const messages = [
      ...[reply, { jsonrpc: '2.0', method: 'end' }, event({ type: 'metrics', metrics: exampleMetrics(1) })],
      ...[event({ type: 'state', run }), event({ type: 'stage', step: 1, stage: 'solve', done: 1, total: 2 })],
    ];
    let random = draws(0);
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      socket.once('data', () => {
        socket.write(random.below(3) === 0 ? frame(reply) : '');
        socket.end(hostile(messages, random));
      });
    });
    await new Promise<void>((resolve) => server.listen(run.engine.socket, resolve));
    try {
      await fuzz(22, async (next) => {
        random = next;
        try {
          const client = await attach(dir);
          client.onEvent(() => undefined);
          await client.closed;
          client.dispose();
        } catch (error) {
          assert.ok(error instanceof BoundaryError, error instanceof Error ? error.stack : String(error));
        }
      });
    } finally {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      rmSync(dir, { recursive: true });
    }
  });
});
