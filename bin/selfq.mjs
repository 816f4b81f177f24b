#!/usr/bin/env node
// The launcher: plain JavaScript for any Node >= 18. Makes sure that dependencies, a fitting Node and a current build
// exist (bin/setup.mjs), then hands over to dist/cli.js.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { reportFailure, setUp } from './setup.mjs';

async function main() {
  const { node, cli, env } = await setUp();
  const child = spawn(node, ['--no-node-snapshot', cli, ...process.argv.slice(2)], { stdio: 'inherit', env });

  // A terminal sends Ctrl-C to the whole foreground group, the child included; it must not get it twice.
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  process.on('SIGINT', () => terminal || child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));

  child.on('error', (error) => {
    process.exitCode = reportFailure(error);
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 128 + constants.signals[signal];
  });
}

main().catch((error) => {
  process.exitCode = reportFailure(error);
});
