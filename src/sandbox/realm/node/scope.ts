import type { Define } from '../globals.ts';
import type { Modules } from './modules.ts';

/**
 * What Node gives each file of its own: `require`, `module` and the like. Turned into text (compose.ts): self-contained.
 * `isMain` is false for a solution whose function is called: it is a module of somebody else's program.
 */
export function defineScope(
  define: Define,
  modules: Modules,
  module: { exports: unknown },
  isMain: boolean,
): { complete(process: object): void } {
  const { require } = modules;
  const main = isMain ? module : { exports: {} };
  require.main = main;
  const place = { path: '/', filename: '/solution.js', paths: ['/node_modules'] };
  Object.assign(module, place, { id: isMain ? '.' : '/solution.js', loaded: false, children: [], require });
  Object.setPrototypeOf(module, Object.prototype);
  define('global', globalThis);
  Object.defineProperty(globalThis, 'crypto', {
    get: () => Reflect.get(modules.require('crypto') as object, 'webcrypto') as unknown,
    set: (value: unknown) => define('crypto', value),
    configurable: true,
  });
  // Where the synthetic modules of an ES module find what they re-export, and what `import()` and `import.meta` become.
  define('__modules', require);
  define('__import', modules.importModule);
  define('__importMeta', { url: 'file:///solution.js', filename: '/solution.js', dirname: '/', main: isMain });
  if (!isMain) {
    // The body of a program gets these as parameters.
    define('require', require);
    define('module', module);
    define('exports', module.exports);
    define('__filename', '/solution.js');
    define('__dirname', '/');
  }
  return {
    complete(process) {
      Object.assign(process, {
        mainModule: main,
        getBuiltinModule: (name: string) => (modules.isOffered(name) ? modules.require(name) : undefined),
      });
    },
  };
}
