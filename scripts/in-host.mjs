// A real VS Code for the tests: code-server from npm in the cache folder, driven through Chromium. Nothing is skipped:
// what is missing is installed, and where that is impossible the suite fails with what to do.
// usage: node scripts/in-host.mjs [mocha options, e.g. --grep palette]
import { spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SetUpError, collect, lastLines, makeFolder, npm, say, step } from '../bin/commands.mjs';
import { withLock } from '../bin/lock.mjs';
import { cacheDir, reportFailure, setUp } from '../bin/setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The whole VS Code server (1.139.1) as an npm package. */
const codeServer = 'code-server@4.139.1';

/** Folder of the VS Code server, installed when absent. */
async function ensureServer() {
  const home = join(cacheDir(), 'vscode', codeServer);
  const inside = join('node_modules', 'code-server', 'lib', 'vscode');
  if (existsSync(join(home, inside))) {
    return join(home, inside);
  }
  makeFolder(dirname(home));
  await withLock(join(dirname(home), '.lock'), say, async () => {
    if (!existsSync(home)) {
      await step('Fetching the VS Code server for the tests (600 MB)', () => fetchServer(home, inside));
    }
  });
  return join(home, inside);
}

/** Its own install script compiles and must not run; the server's dependencies are a second installation inside. */
async function fetchServer(home, inside) {
  const partial = `${home}.partial`;
  rmSync(partial, { recursive: true, force: true });
  makeFolder(partial);
  writeFileSync(join(partial, 'package.json'), '{"private":true}\n');
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await npm(['install', '--prefix', partial, ...options, codeServer], partial);
  await npm(['install', '--omit=dev', ...options], join(partial, inside));
  renameSync(partial, home);
}

/** Path of a Chromium: CHROMIUM, one on the PATH, or Debian's package. */
async function ensureChromium() {
  const found = process.env.CHROMIUM ?? findChromium();
  if (found) {
    return found;
  }
  if (process.platform === 'linux' && process.getuid?.() === 0) {
    await step('Installing Chromium for the tests', async () => {
      await collect('apt-get', ['update', '-qq'], root);
      const { code, output } = await collect(
        'apt-get',
        ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'],
        root,
        { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      );
      if (code !== 0) {
        say(lastLines(output, 5));
      }
    });
  }
  const installed = findChromium();
  if (!installed) {
    throw new SetUpError(
      'The editor tests need a Chromium, and none was found.',
      'Install one (Debian: apt-get install chromium) or set CHROMIUM to its path, then run this again.',
    );
  }
  return installed;
}

function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe', 'msedge.exe'];
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin'];
  const paths = [
    ...folders.flatMap((folder) => names.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return paths.find((path) => existsSync(path));
}

/** Everything that the suites need, as the environment that they read (test/in-host/editor.ts); all bundles are built. */
export async function ensureEditor() {
  const { node, env } = await setUp({ build: false });
  await step('Building', async () => {
    const { code, output } = await collect(node, [join(root, 'scripts', 'build.mjs')], root);
    if (code !== 0) {
      throw new SetUpError(`The build failed.\n${lastLines(output, 30)}`, 'Mend the source named above.');
    }
  });
  const [server, chromium] = [await ensureServer(), await ensureChromium()];
  return { node, env: { ...env, SELFQ_TEST_SERVER: server, SELFQ_TEST_CHROMIUM: chromium, SELFQ_TEST_NODE: node } };
}

async function main() {
  const { node, env } = await ensureEditor();
  const mocha = join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const args = [
    '--no-node-snapshot',
    mocha,
    '--no-config',
    '--exit',
    'test/in-host/*.e2e.ts',
    ...process.argv.slice(2),
  ];
  const child = spawn(node, args, { cwd: root, env, stdio: 'inherit' });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error) => {
    process.exitCode = reportFailure(error);
  });
}
