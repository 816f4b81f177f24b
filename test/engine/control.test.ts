import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import { attach } from '../../src/engine/client.ts';
import type { RunEvent } from '../../src/protocol/control.ts';
import { readRun } from '../../src/run/folder.ts';
import { createWorkplace, selfq, type Workplace } from '../support/whole-program.ts';

describe('the control socket of a live run', function () {
  this.timeout(240_000);
  let place: Workplace;
  let dir: string;

  before(async () => {
    place = await createWorkplace();
    dir = join(place.dir, 'live');
    const { code, stderr, stdout } = await selfq(place, [
      'run',
      '--out',
      'live',
      '--detach',
      '--json',
      ...place.options({ steps: 500 }),
    ]).finished;
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { dir: string }).dir, dir);
  });
  after(async () => {
    const ended = await selfq(place, ['stop', 'live']).finished;
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(readRun(dir).state, 'stopped');
    place.remove();
  });

  it('outlives the command that began it', () => {
    assert.doesNotThrow(() => process.kill(readRun(dir).engine.pid, 0));
  });

  it('tells several clients the same events, without the token', async () => {
    const clients = await Promise.all([attach(dir), attach(dir)]);
    const heard = clients.map((): RunEvent[] => []);
    clients.forEach((client, index) => client.onEvent((event) => heard[index]?.push(event)));
    while (heard.some((events) => !events.some(({ type }) => type === 'metrics'))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    clients.forEach((client) => client.dispose());
    const figures = heard.map((events) => events.find((event) => event.type === 'metrics'));
    assert.deepEqual(figures[0], figures[1]);
    assert.ok(!JSON.stringify([heard, clients.map(({ run }) => run)]).includes(readRun(dir).engine.token));
  });

  it('answers nobody who does not know the token', async () => {
    const socket = connect(readRun(dir).engine.socket);
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    connection.listen();
    await assert.rejects(connection.sendRequest('attach', { token: 'guess' }), /token/);
    await assert.rejects(connection.sendRequest('attach', { token: 1 }), /token/);
    await assert.rejects(connection.sendRequest('stop'), /attach/);
    connection.dispose();
    socket.destroy();
    assert.notEqual(readRun(dir).state, 'stopping');
  });

  it('keeps a second engine away from the folder', async () => {
    const second = await selfq(place, ['run', '--out', 'live', ...place.options()]).finished;
    assert.equal(second.code, 1);
    assert.match(second.stderr, /in use by the engine with pid \d+/);
    assert.match(second.stderr, /selfq stop/);
  });

  it('is what `selfq status` asks for the stage of the moment', async () => {
    const { code, stdout, stderr } = await selfq(place, ['status', 'live', '--json']).finished;
    assert.equal(code, 0, stderr);
    const status = JSON.parse(stdout) as { state: string; stage: { stage: string } | null };
    assert.ok(['starting', 'running'].includes(status.state));
    assert.ok(status.stage?.stage);
    assert.ok(!stdout.includes(readRun(dir).engine.token));
  });
});
