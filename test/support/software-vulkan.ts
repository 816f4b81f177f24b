import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir } from '../../src/base/cache-dir.ts';
import { RuntimeProcess } from '../../src/runtime/process/client.ts';

/** Environment in which WebGPU works, or why there is none. */
export type WebGpu = { env: Record<string, string> } | { reason: string };

/** Folders in which Chromium keeps its Vulkan loader and SwiftShader, a graphics card in software. */
const chromiumFolders = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];

/**
 * This machine's own graphics, else SwiftShader: of an installed Chromium, or of Debian's package, which is then
 * unpacked into the cache folder without installing anything. Each is tried in a runtime process.
 */
export async function findWebGpu(): Promise<WebGpu> {
  const own = await failureOf({});
  if (own === undefined) {
    return { env: {} };
  }
  const folder = chromiumFolders.find(isWhole) ?? (await unpackChromium());
  if (folder === undefined) {
    return { reason: `${own} No Chromium with SwiftShader was found, and apt-get fetched none.` };
  }
  const env = { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: join(folder, 'vk_swiftshader_icd.json') };
  const failure = await failureOf(env);
  return failure === undefined ? { env } : { reason: `${folder}: ${failure}` };
}

function isWhole(folder: string): boolean {
  return ['libvulkan.so.1', 'libvk_swiftshader.so', 'vk_swiftshader_icd.json'].every((name) =>
    existsSync(join(folder, name)),
  );
}

async function failureOf(env: Record<string, string>): Promise<string | undefined> {
  const runtime = new RuntimeProcess({ env });
  try {
    await runtime.call('probeDevice', { device: 'webgpu' }, { signal: AbortSignal.timeout(60_000) });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    runtime.kill();
  }
}

/** The folder, or undefined where there is no apt-get or no network. */
async function unpackChromium(): Promise<string | undefined> {
  const home = join(cacheDir(), 'swiftshader');
  const folder = join(home, 'usr', 'lib', 'chromium');
  if (isWhole(folder)) {
    return folder;
  }
  await mkdir(home, { recursive: true });
  // A new machine has no list of packages yet.
  await run('apt-get', ['update', '-qq'], home);
  // Which of the two has these libraries depends on the version.
  await run('apt-get', ['download', 'chromium', 'chromium-common'], home);
  for (const name of (await readdir(home)).filter((entry) => entry.endsWith('.deb'))) {
    await run('dpkg', ['-x', name, '.'], home);
    await rm(join(home, name));
  }
  return isWhole(folder) ? folder : undefined;
}

function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve) => execFile(command, [...args], { cwd }, () => resolve()));
}
