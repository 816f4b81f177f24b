import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { childEnvironment } from './child-environment.ts';
import { absoluteFolder, rememberFolder } from './folder-setting.ts';

describe('the environment of children', () => {
  it("takes the editor's proxy where the system names none", () => {
    assert.equal(childEnvironment(' http://a:1 ', {})['HTTPS_PROXY'], 'http://a:1');
    assert.equal(childEnvironment('http://a:1', { HTTPS_PROXY: 'http://b:2' })['HTTPS_PROXY'], 'http://b:2');
    assert.equal(childEnvironment('', { A: '1' })['HTTPS_PROXY'], undefined);
  });

  it('makes a child ask the proxy for what it fetches', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('by the proxy');
    });
    proxy.on('connect', ({ url = '' }, socket) => {
      asked.push(url);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening));
    try {
      const { port } = proxy.address() as AddressInfo;
      const env = childEnvironment(`http://127.0.0.1:${port}`, { PATH: process.env['PATH'] });
      const script = "fetch('http://models.invalid/file').then((found) => found.text()).catch(() => undefined)";
      await promisify(execFile)(process.execPath, ['-e', script], { env, timeout: 20_000 });
      assert.match(asked.join(), /models\.invalid/);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  }).timeout(30_000);
});

describe('a folder in the settings', () => {
  it('may begin with ~, and is none where it is relative', () => {
    assert.match(absoluteFolder('~/runs') ?? '', /^(?:\/|[A-Z]:\\).*runs$/);
    assert.equal(absoluteFolder(' /a/b '), '/a/b');
    assert.equal(absoluteFolder('runs'), undefined);
    assert.equal(absoluteFolder('~other/runs'), undefined);
    assert.equal(absoluteFolder(''), undefined);
  });

  it('that held runs is remembered when another one is chosen, each once, and no more than can be watched', () => {
    assert.deepEqual(rememberFolder(rememberFolder(rememberFolder([], '/a'), '/b'), '/a'), ['/a', '/b']);
    const many = Array.from({ length: 50 }, (_, i) => `/${i}`).reduce<string[]>(rememberFolder, []);
    assert.deepEqual([many.length, many[0]], [20, '/49']);
  });
});
