import { spawn } from 'node:child_process';

/** What a program wrote and how it ended. */
export interface NodeRun {
  stdout: string;
  stderr: string;
  exitCode: number | null;
}

/** Runs a source under real Node, as a file would be run: as an ES module where it has static imports or exports. */
export function underNode(source: string, stdin: string): Promise<NodeRun> {
  const isModule = /^(?:import\b(?!\s*\()|export\b|(?:const [^;()]* = )?await\b)/m.test(source);
  const type = isModule ? '--input-type=module' : '--input-type=commonjs';
  const script = isModule ? source : commonJsRunner(source);
  return new Promise((resolve, reject) => {
    // Through cat, so that standard input is a pipe that /dev/stdin can open, as under a judge.
    const child = spawn('/bin/sh', ['-c', 'cat | "$0" "$@"', process.execPath, '--no-warnings', type, '-e', script]);
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        texts[name] += chunk;
      });
    }
    child.on('error', reject);
    child.on('close', (exitCode) => {
      resolve({ ...texts, exitCode });
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
  });
}

/** `-e` is no module: the source is compiled as Node compiles a file, with a module of its own as the main one. */
function commonJsRunner(source: string): string {
  return [
    "const Module = require('module');",
    "const main = new Module('/solution.js', null);",
    'process.mainModule = main;',
    "process.argv = ['node', '/solution.js'];",
    'const own = Object.assign((id) => require(id), { main });',
    "const { compileFunction, constants } = require('vm');",
    'const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;',
    `const names = ['exports', 'require', 'module', '__filename', '__dirname'];`,
    `const options = { filename: '/solution.js', importModuleDynamically };`,
    `const run = compileFunction(${JSON.stringify(source)}, names, options);`,
    "run.call(main.exports, main.exports, own, main, '/solution.js', '/');",
  ].join('\n');
}
