// The pictures of README and walkthrough: one run of the default model (preset quick) in a real VS Code, started from
// the palette, in dark, light and high contrast. Takes as long as the run; with --run it shows a finished one.
// usage: node scripts/pictures.mjs [steps | --run FOLDER]
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { reportFailure } from '../bin/setup.mjs';
import { ensureEditor } from './in-host.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

try {
  const { node, env } = await ensureEditor();
  const script = join(root, 'test', 'in-host', 'pictures.ts');
  const child = spawn(node, [script, ...process.argv.slice(2)], { cwd: root, env, stdio: 'inherit' });
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  process.exitCode = reportFailure(error);
}
