// The suites check, unit, program, fuzz and editor, or those named as arguments (scale is one on request). Runs on Node >= 18
// and hands each suite to the Node that the launcher finds. The last line is the sum: `N passed, N failed, N skipped`.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { SetUpError } from '../bin/commands.mjs';
import { reportFailure, setUp } from '../bin/setup.mjs';
import { ensureEditor } from './in-host.mjs';
import { scalePython } from './scale-python.mjs';

/** Each counts as one test. */
const checks = {
  format: ['prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'],
  lint: ['eslint/bin/eslint.js', '--max-warnings=0', '.'],
  types: ['typescript/bin/tsc', '-p', '.'],
  'types of the pages': ['typescript/bin/tsc', '-p', 'webview'],
  unused: ['knip/bin/knip.js'],
};

/** Arguments of mocha for each suite. */
const suites = {
  unit: ['src/**/*.test.ts'],
  program: ['test/**/*.test.ts', '--ignore=test/fuzz/**'],
  /** Each looks for FUZZ_SECONDS; a file is a process of its own. */
  fuzz: ['test/fuzz/*.test.ts', '--parallel', '--jobs=2'],
  /** A real VS Code, see scripts/in-host.mjs; a window that misses a key is asked once more, which the end says. */
  editor: ['test/in-host/*.e2e.ts', '--retries=1'],
};

/** Asked for by name alone: it needs a Python of its own with verl, 6 GB that nothing else of the project uses. */
const onRequest = {
  /** The trainer on verl; see scale/verl/README.md. */
  scale: ['test/scale/*.e2e.ts'],
};

/** What runs now; it ends with us. */
const children = new Set();

/** The names of what failed, was skipped or was tried again are repeated at the end, where a long output is read first. */
const total = { passed: 0, failures: [], skipped: [], retried: [] };

async function main() {
  const known = ['check', ...Object.keys(suites), ...Object.keys(onRequest)];
  const install = process.argv.includes('--install');
  const wanted = process.argv.slice(2).filter((name) => name !== '--install');
  const stranger = wanted.find((name) => !known.includes(name));
  if (stranger !== undefined) {
    throw new Error(`There is no suite "${stranger}"; there are ${known.join(', ')}.`);
  }
  const runs = (name) => wanted.length === 0 || wanted.includes(name);

  assertRoom(tmpdir());
  const { root, node, env } = await setUp({ build: false });
  const place = { cwd: root, env };
  if (runs('check')) {
    await check(node, place);
  }
  const asksFor = (name) => wanted.includes(name);
  if (Object.keys(suites).some(runs) || Object.keys(onRequest).some(asksFor)) {
    const { code, output } = await capture(node, ['scripts/build.mjs'], place);
    count(code === 0, 'build', output);
    const { cli } = await setUp();
    // Many tests are about the real model; the command says itself what to do where it cannot be fetched.
    if (Object.keys(suites).some(runs)) {
      count((await run(node, [cli, 'models', 'pull'], place)) === 0, 'the default model is here');
    }
  }
  for (const [name, args] of Object.entries(suites)) {
    if (runs(name)) {
      await mocha(name, args, node, name === 'editor' ? await editorPlace(place) : place);
    }
  }
  if (asksFor('scale')) {
    await scale(node, place, install);
  } else if (wanted.length === 0) {
    console.log(
      '\n== scale: left out, since it needs verl in a Python of its own (6 GB): `npm test -- scale --install`',
    );
  }
}

/** A full disk is said at once, and not by tests of other things half an hour later. */
function assertRoom(folder) {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < 2e9) {
    throw new SetUpError(
      `The disk of ${folder} has ${(free / 1e9).toFixed(1)} GB free: the tests need 2 GB, and 6 GB on a new machine.`,
      'Free some space, or set TMPDIR to a folder on a larger disk, then run this again.',
    );
  }
}

/** Tests in Python, then two ranks of verl. Without its Python it is skipped, with what to do. */
async function scale(node, place, install) {
  const { python, reason } = await scalePython(place.cwd, {
    install,
    run: (command, args) => run(command, args, place),
  });
  if (python === undefined) {
    console.log(`\n== scale: skipped: ${reason}`);
    total.skipped.push(`scale: ${reason}`);
    return;
  }
  console.log('\n== scale: scale/verl/tests');
  const PYTHONPATH = join(place.cwd, 'scale', 'verl');
  const env = { ...place.env, PYTHONPATH, SELFQ_SCALE_PYTHON: python };
  const { code, output } = await capture(python, ['-m', 'pytest', '-q', '-rfEs', PYTHONPATH], { ...place, env });
  console.log(output.trimEnd());
  const named = (pattern) => [...output.matchAll(pattern)].map(([line]) => `scale: ${line}`);
  total.passed += Number(/(\d+) passed/.exec(output)?.[1] ?? 0);
  total.failures.push(...named(/^(?:FAILED|ERROR) .*$/gm));
  total.skipped.push(...named(/^SKIPPED .*$/gm));
  if (code !== 0 && named(/^(?:FAILED|ERROR) /gm).length === 0) {
    count(false, `pytest ends by itself (exit code ${code})`);
  }
  await mocha('scale', onRequest.scale, node, { ...place, env });
}

/** Where the editor cannot be had, its tests still run, and fail with what is missing. */
async function editorPlace(place) {
  try {
    return { ...place, env: { ...place.env, ...(await ensureEditor()).env } };
  } catch (error) {
    reportFailure(error);
    return place;
  }
}

/** All checks, as many at once as there are cores; their output is shown only when they fail. */
async function check(node, place) {
  const waiting = Object.entries(checks);
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, [script, ...args]] = next;
      const started = Date.now();
      const { code, output } = await capture(node, [join('node_modules', script), ...args], place);
      count(code === 0, `${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`, output);
    }
  };
  await Promise.all(Array.from({ length: Math.min(cpus().length, waiting.length) }, worker));
}

async function mocha(name, suite, node, place) {
  console.log(`\n== ${name}: ${suite.join(' ')}`);
  const folder = mkdtempSync(join(tmpdir(), 'selfq-test-'));
  const counts = join(folder, 'counts.json');
  try {
    const script = join('node_modules', 'mocha', 'bin', 'mocha.js');
    const args = [script, '--reporter', './scripts/count-reporter.mjs', ...suite];
    const code = await run(node, args, { ...place, env: { ...place.env, SELFQ_TEST_COUNTS: counts } });
    const { passed, failures, skipped, retried } = existsSync(counts)
      ? JSON.parse(readFileSync(counts, 'utf8'))
      : { passed: 0, failures: [], skipped: [], retried: [] };
    total.passed += passed;
    total.failures.push(...failures);
    total.skipped.push(...skipped);
    total.retried.push(...retried);
    if (failures.length === 0 && code !== 0) {
      count(false, `the suite ${name} ends by itself (exit code ${code})`);
    } else if (passed + failures.length + skipped.length === 0) {
      count(false, `the suite ${name} has tests`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(passed, what, output = '') {
  if (passed) {
    total.passed++;
  } else {
    total.failures.push(what);
  }
  console.log(`${passed ? '  ok  ' : '  FAIL'} ${what}`);
  if (!passed && output !== '') {
    console.log(output.trimEnd());
  }
}

function sum() {
  return `${total.passed} passed, ${total.failures.length} failed, ${total.skipped.length} skipped`;
}

function start(command, args, place, output) {
  const child = spawn(command, args, { ...place, stdio: ['ignore', output, output] });
  children.add(child);
  child.on('close', () => children.delete(child));
  return child;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    children.forEach((child) => child.kill(signal));
    console.log(`\nInterrupted after ${sum()}`);
    process.exit(130);
  });
}

/** Exit code of a command that shares our terminal. */
function run(command, args, place) {
  return new Promise((resolve) => {
    const child = start(command, args, place, 'inherit');
    child.on('error', () => resolve(-1));
    child.on('close', resolve);
  });
}

function capture(command, args, place) {
  return new Promise((resolve) => {
    const child = start(command, args, place, 'pipe');
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: -1, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

main()
  .catch((error) => {
    reportFailure(error);
    total.failures.push(error.message);
  })
  .finally(() => {
    console.log('');
    total.failures.forEach((name) => console.log(`failed: ${name}`));
    total.retried.forEach((name) => console.log(`tried again: ${name}`));
    total.skipped.forEach((name) => console.log(`skipped: ${name}`));
    console.log(sum());
    process.exitCode = total.failures.length === 0 ? 0 : 1;
  });
