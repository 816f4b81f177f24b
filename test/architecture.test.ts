import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative, resolve } from 'node:path';
import { layers } from '../scripts/layers.mjs';

const root = resolve(import.meta.dirname, '..');
const table: Readonly<Record<string, readonly string[]>> = layers;
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Folder -> what it imports, as the table "Layers" of ARCHITECTURE.md says. */
function documented(): Map<string, string[]> {
  const [, section = ''] = read('ARCHITECTURE.md').split('## Layers');
  const rows = (section.split('\n##')[0] ?? '').matchAll(/^\| `([^`]+)` \|[^|]*\| ([^|]*) \|$/gm);
  return new Map(
    [...rows].map(([, folder = '', imports = '']) => [
      folder,
      [...imports.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    ]),
  );
}

/** The row of the table that a file belongs to: the longest that fits. */
function rowOf(file: string): string | undefined {
  const fits = (row: string): boolean =>
    row.endsWith('/*') ? dirname(file) === row.slice(0, -2) : file === row || file.startsWith(`${row}/`);
  return Object.keys(table)
    .filter(fits)
    .sort((a, b) => b.length - a.length)[0];
}

/** Imports of a source file that lie in this project, as paths from its root. */
function importsOf(file: string): string[] {
  const specifiers = read(file).matchAll(/(?:from|import\()\s*'(\.{1,2}\/[^']+)'/g);
  return [...specifiers].map(([, path = '']) => normalize(join(dirname(file), path)));
}

const sources = globSync(['src/**/*.ts', 'webview/**/*.ts', 'bench/**/*.ts'], { cwd: root }).filter(
  (file) => !/\.test\.ts$|\.d\.ts$|fixtures\//.test(file),
);

describe('the layers', () => {
  it('are told by ARCHITECTURE.md as the table has them', () => {
    const told = documented();
    assert.deepEqual([...told.keys()].sort(), Object.keys(table).sort());
    for (const [folder, imports] of Object.entries(table)) {
      assert.deepEqual(told.get(folder)?.sort(), imports.toSorted(), folder);
    }
  });

  it('name folders and files that there are', () => {
    for (const path of [...Object.keys(table), ...Object.values(table).flat()]) {
      assert.ok(existsSync(join(root, path.replace(/\/\*$/, ''))), path);
    }
  });

  it('hold every source file, and each imports only what its row allows', () => {
    assert.ok(sources.length > 250);
    for (const file of sources) {
      const row = rowOf(file);
      assert.ok(row !== undefined, `${file} is in no layer`);
      for (const target of importsOf(file)) {
        const own = rowOf(target) === row;
        const allowed = (table[row] ?? []).some((path) => target === path || target.startsWith(`${path}/`));
        assert.ok(own || allowed, `${file} imports ${target}`);
      }
    }
  });

  it('have no circle of files', () => {
    const state = new Map<string, 'open' | 'done'>();
    const visit = (file: string, path: readonly string[]): void => {
      assert.notEqual(state.get(file), 'open', [...path, file].join(' -> '));
      if (state.has(file) || !existsSync(join(root, file))) {
        return;
      }
      state.set(file, 'open');
      importsOf(file).forEach((target) => visit(target, [...path, file]));
      state.set(file, 'done');
    };
    sources.forEach((file) => visit(relative(root, join(root, file)), []));
  });

  it('leave no folder of the sources without a row', () => {
    const rows = Object.keys(table);
    for (const entry of readdirSync(join(root, 'src'), { withFileTypes: true })) {
      assert.ok(!entry.isDirectory() || rows.some((row) => row.startsWith(`src/${entry.name}`)), entry.name);
    }
  });
});
