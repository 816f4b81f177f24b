import type ivm from 'isolated-vm';
import { compileModule } from './compile.ts';
import type { Surroundings } from './surroundings.ts';

/** An ES module that has been linked and started. */
export interface StartedModule {
  /** False while a top-level await waits. */
  isDone(): boolean;
  /** An export, as far as there is one. */
  get(name: string): ivm.Reference;
}

/** Name of the second name that an entry function is exported under; no identifier, so no source exports it. */
const entryExport = 'the entry function';

/**
 * Links and evaluates `source` in a context. With `entry`, the function of that name counts as exported, whether or not
 * the source exports it. Throws what its top level throws, and where it imports what there is not.
 */
export function startModule(
  isolate: ivm.Isolate,
  around: Pick<Surroundings, 'context' | 'node'>,
  source: string,
  timeout: number,
  entry?: string,
): StartedModule {
  const { context } = around;
  const solution = withEntry(isolate, source, entry);
  // Evaluated after the solution, whose top-level await it waits for.
  const last = compileModule(isolate, "import * as all from 'solution'; export const get = (name) => all[name];");
  const imported = new Map<string, ivm.Module>();
  last.instantiateSync(context, (specifier) => {
    if (specifier === 'solution') {
      return solution;
    }
    const module = imported.get(specifier) ?? builtInModule(isolate, around, specifier);
    imported.set(specifier, module);
    return module;
  });
  last.evaluateSync({ timeout });
  return {
    isDone() {
      try {
        return last.namespace.getSync('get', { reference: true }).typeof === 'function';
      } catch {
        // Not yet initialised.
        return false;
      }
    },
    get(name) {
      const get: ivm.Reference = last.namespace.getSync('get', { reference: true });
      return get.applySync(undefined, [name], { timeout, result: { reference: true } });
    },
  };
}

/** Exports of a module that may be the entry function, the best one first. */
export function entryExports(entry: string): string[] {
  return [entry, entryExport, 'default'];
}

function withEntry(isolate: ivm.Isolate, source: string, entry: string | undefined): ivm.Module {
  if (entry !== undefined) {
    try {
      // Where the source has no such binding, or swallows the line, this is no module or changes nothing.
      return compileModule(isolate, `${source}\n;export { ${entry} as ${JSON.stringify(entryExport)} };`);
    } catch {
      return compileModule(isolate, source);
    }
  }
  return compileModule(isolate, source);
}

/** A module that re-exports what `require` would give. */
function builtInModule(
  isolate: ivm.Isolate,
  { context, node }: Pick<Surroundings, 'context' | 'node'>,
  specifier: string,
): ivm.Module {
  if (node === undefined) {
    throw new Error(`Cannot find module '${specifier}'`);
  }
  const listed: unknown = node('exportsOf').applySync(undefined, [specifier]);
  if (typeof listed !== 'string' || listed === '') {
    const why: unknown = node('why').applySync(undefined, [specifier]);
    throw new Error(typeof why === 'string' ? why : `Cannot find module '${specifier}'`);
  }
  const names = listed.split(',').filter((name) => name !== 'default');
  const source = [
    `const all = __modules(${JSON.stringify(specifier)});`,
    'export default all;',
    ...names.map((name, position) => `const export${position} = all.${name}; export { export${position} as ${name} };`),
  ].join('\n');
  const module = compileModule(isolate, source);
  module.instantiateSync(context, () => {
    throw new Error('a built-in module imports nothing');
  });
  return module;
}
