import { homedir } from 'node:os';
import { join } from 'node:path';

/** What decides the cache folder; the current process by default. */
export interface CacheDirSources {
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  home: string;
}

/**
 * Folder for what can be fetched or computed again: models, prepared weights, Node itself. `SELFQ_HOME` wins, then
 * `XDG_CACHE_HOME`, then the platform's habit. bin/selfq.mjs repeats this rule because it runs before any build.
 */
export function cacheDir(
  { env, platform, home }: CacheDirSources = { env: process.env, platform: process.platform, home: homedir() },
): string {
  if (env['SELFQ_HOME']) {
    return env['SELFQ_HOME'];
  }
  const name = 'self-questioning';
  if (env['XDG_CACHE_HOME']) {
    return join(env['XDG_CACHE_HOME'], name);
  }
  if (platform === 'win32') {
    return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), name);
  }
  return platform === 'darwin' ? join(home, 'Library', 'Caches', name) : join(home, '.cache', name);
}

/** Folder of the model files. */
export function modelsDir(cache: string = cacheDir()): string {
  return join(cache, 'models');
}
