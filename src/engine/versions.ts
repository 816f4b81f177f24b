import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const Package = z.object({ name: z.string(), version: z.string() });

/** Versions that decide what a run computes, for run.json and reports. */
export function programVersions(): Record<string, string> {
  const root = packageRoot(dirname(fileURLToPath(import.meta.url)));
  const ofDependency = (name: string): string => versionOf(join(root, 'node_modules', name)) ?? 'unknown';
  return {
    selfq: versionOf(root) ?? 'unknown',
    node: process.versions.node,
    'onnxruntime-node': ofDependency('onnxruntime-node'),
    'isolated-vm': ofDependency('isolated-vm'),
    platform: `${process.platform}-${process.arch}`,
  };
}

/** The nearest folder above with a package.json: the sources and the bundles lie at different depths. */
function packageRoot(dir: string): string {
  const parent = dirname(dir);
  return existsSync(join(dir, 'package.json')) || parent === dir ? dir : packageRoot(parent);
}

function versionOf(dir: string): string | undefined {
  try {
    return Package.parse(JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'))).version;
  } catch {
    return undefined;
  }
}
