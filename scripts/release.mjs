// Packs the extension for every platform, or those named, checks each file, and writes their checksums.
// usage: node scripts/release.mjs [linux-x64 | linux-arm64 | darwin-arm64 | win32-x64]…
// SELFQ_REPOSITORY=https://… is where the sources are published: without it the page has no links and no pictures.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetUpError, say } from '../bin/commands.mjs';
import { nodePackages, reportFailure } from '../bin/setup.mjs';
import { out, pack } from './vsix.mjs';
import { newestVersion } from './vsix-check.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

async function main() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const described = newestVersion(join(root, 'CHANGELOG.md'));
  if (described !== version) {
    throw new SetUpError(
      `package.json is version ${version}, and CHANGELOG.md begins with ${described ?? 'none'}.`,
      'Bring them together first.',
    );
  }
  const targets = process.argv.slice(2);
  const packed = await pack(targets.length > 0 ? targets : Object.keys(nodePackages));
  if (packed) {
    const sums = packed.map(({ file, sha256 }) => `${sha256}  ${basename(file)}\n`).join('');
    writeFileSync(join(out, 'SHA256SUMS'), sums);
    say(`Version ${version} for ${packed.map(({ target }) => target).join(', ')}: ${out}`);
    if (process.env.SELFQ_REPOSITORY === undefined) {
      say('Before they are published: SELFQ_REPOSITORY=https://… gives the page its pictures and links.');
    }
  }
}

main().catch((error) => {
  process.exitCode = reportFailure(error);
});
