import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type FrameLocator,
  type Locator,
  type Page,
  chromium,
} from 'playwright-core';

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
  /** Display language; the extension's own texts follow it. */
  locale?: string;
  viewport?: { width: number; height: number };
}

/** Milliseconds to wait for anything in the window: machines of continuous integration are slow and shared. */
const patience = 180_000;

/** A real VS Code: its server in a process of its own, its window in a headless Chromium. */
export interface Editor {
  page: Page;
  /** Made for this editor; `workspace` is opened in the window. */
  folders: { data: string; workspace: string };
  /** Folder of the extension's storage. */
  storage: string;
  /** Mocha's output and exit code, of `hostTests`. */
  hostExit: Promise<number>;
  reload(): Promise<void>;
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
  const folders = { data: join(root, 'data'), workspace: join(root, 'workspace') };
  mkdirSync(folders.workspace, { recursive: true });
  mkdirSync(join(folders.data, 'data', 'Machine'), { recursive: true });
  writeFileSync(
    join(folders.data, 'data', 'Machine', 'settings.json'),
    JSON.stringify({
      'workbench.startupEditor': 'none',
      'workbench.secondarySideBar.defaultVisibility': 'hidden',
      'chat.disableAIFeatures': true,
      ...options.settings,
    }),
  );
  const port = await freePort();
  const server = await startServer(port, folders.data, options);
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
    folders,
    storage: join(folders.data, 'data', 'User', 'globalStorage', 'self-questioning.self-questioning'),
    hostExit,
    async reload() {
      await page.reload({ waitUntil: 'commit' });
      await workbench(page);
    },
    async close() {
      await end(browser, server);
      rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

async function startServer(port: number, data: string, options: EditorOptions): Promise<ChildProcess> {
  const main = join(needed('SELFQ_TEST_SERVER'), 'out', 'server-main.js');
  const common = [
    '--accept-server-license-terms',
    '--server-data-dir',
    data,
    '--extensions-dir',
    join(data, 'extensions'),
  ];
  const env = { ...process.env, ...options.env };
  const node = needed('SELFQ_TEST_NODE');
  if (options.vsix) {
    execFileSync(node, [main, ...common, '--install-extension', options.vsix], { env, stdio: 'pipe' });
  }
  const server = spawn(
    node,
    [
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

/** Changes machine settings while the window is open; it hears of them from a watcher. */
export async function changeSettings(
  { folders, page }: Editor,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const path = join(folders.data, 'data', 'Machine', 'settings.json');
  const settings = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...settings, ...change }));
  await page.waitForTimeout(3000);
}

/** Opens the command palette and runs a command by typing its title, as a person does. */
export async function runCommand(page: Page, title: string): Promise<void> {
  const end = Date.now() + patience;
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
  for (;;) {
    await page.keyboard.press('F1');
    const input = page.locator('.quick-input-widget:visible input').first();
    await input.waitFor();
    await input.fill(`>${title}`);
    // A palette lists what was known when it opened: a window that is not ready yet is asked again.
    const there = await row.waitFor({ timeout: 5000 }).then(
      () => true,
      () => false,
    );
    if (there) {
      break;
    }
    if (Date.now() > end) {
      throw new Error(`The palette has no command ${title}.`);
    }
    await page.keyboard.press('Escape');
  }
  await page.keyboard.press('Enter');
}

/** Accepts what a quick pick or input box offers, once it shows `text` (its placeholder, prompt or a row). */
export async function acceptQuickInput(page: Page, text: string): Promise<void> {
  const widget = quickInput(page, text);
  await widget.waitFor();
  const list = widget.locator('.quick-input-list');
  if (await list.isVisible()) {
    await list.locator('.monaco-list-row.focused').first().waitFor();
  }
  await page.keyboard.press('Enter');
}

export function quickInput(page: Page, text: string): Locator {
  const widget = page.locator('.quick-input-widget:visible');
  return widget
    .filter({ has: page.locator(`input[placeholder*=${JSON.stringify(text)}]`) })
    .or(widget.filter({ hasText: text }));
}

/** The inside of the visible webview. */
export function webview(page: Page): FrameLocator {
  return page.frameLocator('iframe.webview.ready:visible').frameLocator('#active-frame');
}

/** Waits for a notification with this text, presses its button when one is named, and closes their center again. */
export async function notification(page: Page, text: RegExp | string, button?: string): Promise<void> {
  const center = page.locator('.notifications-center.visible');
  const item = center.locator('.notification-list-item', { hasText: text }).first();
  const bell = page.locator('.statusbar-item[id="status.notifications"] a').first();
  const end = Date.now() + patience;
  while (!(await item.isVisible())) {
    if (Date.now() > end) {
      throw new Error(
        `No notification came with ${String(text)}. There are: ${(await center.allInnerTexts()).join('; ')}`,
      );
    }
    if (!(await center.isVisible())) {
      await bell.click();
    }
    await page.waitForTimeout(300);
  }
  if (button !== undefined) {
    await item.getByRole('button', { name: button }).click();
  }
  if (await center.isVisible()) {
    await bell.click();
  }
}

/** A picture for those who look at them: only where SELFQ_SCREENSHOTS names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['SELFQ_SCREENSHOTS'];
  if (folder) {
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}.png`) });
  }
}
