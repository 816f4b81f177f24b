import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, type Page, chromium } from 'playwright-core';
import { patience } from './window.ts';

/** The project: the folder that is loaded as an extension. */
export const projectRoot = resolve(import.meta.dirname, '../..');

export interface EditorOptions {
  /** Installed from a VSIX instead of loaded from the project. */
  vsix?: string;
  /** Entry of tests that run inside the extension host. */
  hostTests?: string;
  /** Machine settings. */
  settings?: Readonly<Record<string, unknown>>;
  /** Environment of the server and of everything that it starts. */
  env?: NodeJS.ProcessEnv;
  /** Ask for trust in the workspace instead of trusting it. */
  askForTrust?: boolean;
  /** Runs lie on a file system of their own with so many bytes (Linux with user namespaces). */
  smallDisk?: number;
  /** Display language; the extension's own texts follow it. */
  locale?: string;
  viewport?: { width: number; height: number };
}

/** A real VS Code: its server in a process of its own, its window in a headless Chromium. */
export interface Editor {
  page: Page;
  /** Made for this editor; `workspace` is opened in the window, `disk` is the small one as the test sees it. */
  folders: { data: string; workspace: string; disk: string };
  /** Folder of the extension's storage. */
  storage: string;
  /** Mocha's output and exit code, of `hostTests`. */
  hostExit: Promise<number>;
  reload(): Promise<void>;
  /** Another window on the same workspace. */
  openWindow(): Promise<Page>;
  close(): Promise<void>;
}

function needed(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set. Run these tests with: node scripts/in-host.mjs`);
  }
  return value;
}

/** Starts the server and opens the window. Everything that it makes lies in one temporary folder. */
export async function openEditor(options: EditorOptions = {}): Promise<Editor> {
  const root = mkdtempSync(join(tmpdir(), 'selfq-editor-'));
  const folders = { data: join(root, 'data'), workspace: join(root, 'workspace'), disk: join(root, 'disk') };
  mkdirSync(folders.workspace, { recursive: true });
  mkdirSync(folders.disk);
  mkdirSync(join(folders.data, 'data', 'Machine'), { recursive: true });
  writeFileSync(
    join(folders.data, 'data', 'Machine', 'settings.json'),
    JSON.stringify({
      'workbench.startupEditor': 'none',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'chat.disableAIFeatures': true,
      ...(options.smallDisk === undefined ? {} : { 'selfQuestioning.runsFolder': join(folders.disk, 'runs') }),
      ...options.settings,
    }),
  );
  const port = await freePort();
  const server = await startServer(port, folders, options);
  const browser = await chromium.launch({
    executablePath: needed('SELFQ_TEST_CHROMIUM'),
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', `--lang=${options.locale ?? 'en'}`],
  });
  const context = await browser.newContext({
    viewport: options.viewport ?? { width: 1280, height: 800 },
    locale: options.locale ?? 'en',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const { page, hostExit } = await openWindow(context, port, folders.workspace, options);
  return {
    page,
    folders: { ...folders, disk: join('/proc', String(server.pid), 'root', folders.disk) },
    storage: join(folders.data, 'data', 'User', 'globalStorage', 'self-questioning.self-questioning'),
    hostExit,
    async reload() {
      await page.reload({ waitUntil: 'commit' });
      await workbench(page);
    },
    openWindow: async () => (await openWindow(context, port, folders.workspace, options)).page,
    async close() {
      await end(browser, server);
      rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

async function startServer(port: number, folders: Editor['folders'], options: EditorOptions): Promise<ChildProcess> {
  const main = join(needed('SELFQ_TEST_SERVER'), 'out', 'server-main.js');
  const common = [
    '--accept-server-license-terms',
    '--server-data-dir',
    folders.data,
    '--extensions-dir',
    join(folders.data, 'extensions'),
  ];
  const env = { ...process.env, ...options.env };
  const node = needed('SELFQ_TEST_NODE');
  if (options.vsix) {
    execFileSync(node, [main, ...common, '--install-extension', options.vsix], { env, stdio: 'pipe' });
  }
  const mount = `mount -t tmpfs -o size=${options.smallDisk} tmpfs "$0" && exec "$@"`;
  const inside = options.smallDisk === undefined ? [] : ['-rm', 'sh', '-c', mount, folders.disk, node];
  const server = spawn(
    inside.length > 0 ? 'unshare' : node,
    [
      ...inside,
      main,
      ...['--host', '127.0.0.1', '--port', String(port), '--without-connection-token', '--disable-telemetry'],
      // The driver makes the window load the extension from the project; it also keeps notifications in their center.
      ...['--enable-smoke-test-driver', ...(options.askForTrust ? [] : ['--disable-workspace-trust'])],
      ...common,
    ],
    { env, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  process.once('exit', () => server.kill());
  let words = '';
  await new Promise<void>((ready, reject) => {
    const hear = (chunk: Buffer): void => {
      words += chunk.toString();
      if (/listening on|available at/i.test(words)) {
        ready();
      }
    };
    server.stdout.on('data', hear);
    server.stderr.on('data', hear);
    server.once('exit', (code) => reject(new Error(`The VS Code server ended with ${code}: ${words.slice(-2000)}`)));
  });
  return server;
}

async function openWindow(
  context: BrowserContext,
  port: number,
  workspace: string,
  { vsix, hostTests }: EditorOptions,
): Promise<Pick<Editor, 'page' | 'hostExit'>> {
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const remote = (path: string): string => `vscode-remote://127.0.0.1:${port}${resolve(path)}`;
  const hostExit = new Promise<number>((done) => {
    void page.exposeFunction('codeAutomationExit', (code: number) => done(code));
  });
  await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
    process.stdout.write(`${args.map(String).join(' ')}\n`);
  });
  const payload = [
    ['skipWelcome', 'true'],
    ...(vsix ? [] : [['extensionDevelopmentPath', remote(projectRoot)]]),
    ...(hostTests ? [['extensionTestsPath', remote(hostTests)]] : []),
  ];
  await page.goto(
    `http://127.0.0.1:${port}/?folder=${remote(workspace)}&payload=${encodeURIComponent(JSON.stringify(payload))}`,
    { waitUntil: 'commit' },
  );
  await workbench(page);
  return { page, hostExit };
}

async function workbench(page: Page): Promise<void> {
  await page.locator('.monaco-workbench .activitybar').waitFor();
}

async function end(browser: Browser, server: ChildProcess): Promise<void> {
  await browser.close();
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill();
  await gone;
}

function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (typeof address === 'object' && address ? done(address.port) : reject(new Error('no port'))));
    });
  });
}
