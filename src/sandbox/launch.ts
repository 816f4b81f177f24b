import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { LaunchPlan } from './worker-process.ts';

/** Node flags of a worker. The permission model is a second fence behind the isolate, not the first. */
export function launchPlan(options: { nodePath: string; workerPath: string; cwd: string }): LaunchPlan {
  const { resolve } = createRequire(options.workerPath);
  // node-gyp-build looks at /etc/alpine-release to tell musl from glibc.
  const readable = [
    dirname(options.workerPath),
    dirname(resolve('isolated-vm/package.json')),
    dirname(resolve('node-gyp-build/package.json')),
    '/etc/alpine-release',
  ];
  return {
    command: options.nodePath,
    args: [
      '--no-node-snapshot',
      '--no-warnings',
      '--permission',
      '--allow-addons',
      '--allow-worker',
      ...readable.map((path) => `--allow-fs-read=${path}`),
      '--enable-experimental-regexp-engine-on-excessive-backtracks',
      '--random-seed=1',
      options.workerPath,
    ],
    env: allowedEnvironment(),
    cwd: options.cwd,
  };
}

/** A worker inherits nothing but what Windows needs to start a process at all. */
function allowedEnvironment(): Record<string, string> {
  const names = process.platform === 'win32' ? ['SystemRoot', 'windir', 'TEMP', 'TMP'] : [];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
}
