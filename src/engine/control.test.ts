import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import { exampleRun } from '../../test/support/run-examples.ts';
import type { RunEvent } from '../protocol/control.ts';
import { newSocketPath, newToken, serveControl } from './control.ts';

describe('control server', () => {
  it('delivers every event that was sent before it closes', async () => {
    const path = newSocketPath();
    const token = newToken();
    const nothing = (): void => undefined;
    const server = await serveControl(path, token, {
      status: () => ({ run: exampleRun() }),
      pause: nothing,
      resume: nothing,
      stop: nothing,
    });
    const socket = connect(path);
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    const heard: number[] = [];
    connection.onNotification('event', (event: Extract<RunEvent, { type: 'alarm' }>) => {
      heard.push(event.step);
    });
    connection.listen();
    await connection.sendRequest('attach', { token });
    const ended = new Promise((resolve) =>
      connection.onNotification('end', () => {
        resolve(undefined);
      }),
    );
    const steps = Array.from({ length: 200 }, (_, step) => step);
    steps.forEach((step) => server.broadcast({ type: 'alarm', step, name: 'x', message: 'y'.repeat(2000) }));
    await server.close();
    await ended;
    assert.deepEqual(heard, steps);
  });
});
