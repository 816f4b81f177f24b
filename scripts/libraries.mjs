// Packages that implement modules of Node in plain JavaScript, each bundled to the body of a CommonJS module, for isolates.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/**
 * Library -> its source. What a library requires of another one stays a `require`, which realm/node/modules.ts answers.
 * src/sandbox/worker/libraries.ts decides which of them a program gets.
 */
const sources = {
  // For the worker itself, which may read no packages (src/sandbox/worker/imports.ts).
  acorn: "module.exports = require('acorn');",
  // It wants to see every namespace of the language once; isolates have no Atomics. Its URL is one that nothing is an
  // instance of: those of the library `url` say themselves how they are shown.
  inspect: `
    const bare = globalThis.Atomics === undefined;
    if (bare) {
      globalThis.Atomics = {};
    }
    module.exports = require('node-inspect-extracted');
    if (bare) {
      delete globalThis.Atomics;
    }`,
  buffer: "module.exports = require('buffer/');",
  events: "module.exports = require('events/');",
  assert: `module.exports = {
    assert: require('assert/'),
    ...require('assert/build/internal/util/comparisons.js'),
  };`,
  // Standard input needs one class of it; the rest comes when somebody asks for it.
  stream: `
    const Readable = require('readable-stream/lib/internal/streams/readable.js');
    const { Stream } = require('readable-stream/lib/internal/streams/legacy.js');
    const { Buffer } = require('buffer');
    Stream._isUint8Array = (value) => value instanceof Uint8Array;
    Stream._uint8ArrayToBuffer = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const whole = () => require('readable-stream');
    const returnStreams = ['asIndexedPairs', 'drop', 'filter', 'flatMap', 'map', 'take', 'compose'];
    const returnPromises = ['every', 'forEach', 'reduce', 'toArray', 'some', 'find'];
    for (const name of [...returnStreams, ...returnPromises]) {
      Object.defineProperty(Readable.prototype, name, {
        get() {
          whole();
          return Readable.prototype[name];
        },
        set(value) {
          Object.defineProperty(this, name, { value, writable: true, configurable: true, enumerable: true });
        },
        configurable: true,
      });
    }
    module.exports = { Readable, whole };`,
  string_decoder: "module.exports = require('string_decoder/');",
  path: "module.exports = require('path-browserify');",
  url: `module.exports = {
    URL: require('core-js-pure/actual/url'),
    URLSearchParams: require('core-js-pure/actual/url-search-params'),
  };`,
  abort:
    "module.exports = { ...require('event-target-shim'), ...require('abort-controller/dist/abort-controller.js') };",
  hashes: `
    const { md5, ripemd160, sha1 } = require('@noble/hashes/legacy.js');
    const { sha224, sha256, sha384, sha512, sha512_224, sha512_256 } = require('@noble/hashes/sha2.js');
    const { sha3_224, sha3_256, sha3_384, sha3_512 } = require('@noble/hashes/sha3.js');
    const { hmac } = require('@noble/hashes/hmac.js');
    const sha3 = { 'sha3-224': sha3_224, 'sha3-256': sha3_256, 'sha3-384': sha3_384, 'sha3-512': sha3_512 };
    const sha2 = { sha224, sha256, sha384, sha512, 'sha512-224': sha512_224, 'sha512-256': sha512_256 };
    module.exports = { hmac, hashes: { md5, ripemd160, sha1, ...sha2, ...sha3 } };`,
};

/** Names of one library inside another; with the slash that leads past Node's own module of the same name. */
const shared = {
  'util/': 'util',
  util: 'util',
  'buffer/': 'buffer',
  buffer: 'buffer',
  'events/': 'events',
  events: 'events',
  'string_decoder/': 'string_decoder',
  string_decoder: 'string_decoder',
  'process/': 'process',
  'abort-controller': 'abort',
  'event-target-shim': 'abort',
};

/** Polyfills of what V8 has; each costs more to load than the library itself. */
const native = {
  'object.assign/polyfill': 'module.exports = () => Object.assign;',
  'object-is/polyfill': 'module.exports = () => Object.is;',
  'is-nan': 'module.exports = Number.isNaN;',
  'object-is': 'module.exports = Object.is;',
  'call-bind/callBound': `module.exports = (name) => {
    const [holder, , method] = name.split('.');
    const run = globalThis[holder].prototype[method];
    return (self, ...parts) => Reflect.apply(run, self, parts);
  };`,
  'safe-buffer': "module.exports = { Buffer: require('buffer').Buffer };",
};

/** JSON text of an object: library -> body of a CommonJS module. */
export async function bundleLibraries(root) {
  const bundled = await buildLibraries(root);
  return JSON.stringify(Object.fromEntries(bundled.map(({ name, outputFiles }) => [name, outputFiles[0].text])));
}

/** Paths of the sources that libraries are made of, relative to the root. */
export async function librarySources(root) {
  return (await buildLibraries(root)).flatMap(({ metafile }) => Object.keys(metafile.inputs));
}

function buildLibraries(root) {
  return Promise.all(
    Object.entries(sources).map(async ([name, contents]) => {
      const result = await build({
        absWorkingDir: root,
        metafile: true,
        stdin: { contents, resolveDir: root, sourcefile: `${name}.js` },
        bundle: true,
        write: false,
        minify: true,
        format: 'cjs',
        platform: 'browser',
        mainFields: ['module', 'main'],
        target: 'es2023',
        define: { global: 'globalThis', ...(name === 'inspect' ? { URL: 'NoURL' } : {}) },
        ...(name === 'inspect' ? { banner: { js: 'class NoURL {}' } } : {}),
        legalComments: 'none',
        logLevel: 'warning',
        plugins: [oneOfEach(name)],
      });
      return { name, ...result };
    }),
  );
}

function oneOfEach(library) {
  return {
    name: 'one of each',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /.*/ }, ({ path, importer, kind, namespace }) => {
        if (kind === 'entry-point') {
          return undefined;
        }
        if (Object.hasOwn(native, path)) {
          return { path, namespace: 'native' };
        }
        // A library's own entry asks for the package itself.
        const inLibrary = namespace === 'native' || importer.includes('node_modules');
        const other = inLibrary && Object.hasOwn(shared, path) ? shared[path] : library;
        return other === library ? undefined : { path: other, external: true };
      });
      onLoad({ filter: /node-inspect-extracted.dist.inspect\.js$/ }, async ({ path }) => ({
        contents: withFewPrimordials(withQuickKeys(await readFile(path, 'utf8'))),
      }));
      onLoad({ filter: /readable-stream.lib.ours.util\.js$/ }, async ({ path }) => ({
        contents: withLateAbort(await readFile(path, 'utf8')),
      }));
      onLoad({ filter: /assert.build.internal.util.comparisons\.js$/ }, async ({ path }) => ({
        contents: withNaN(await readFile(path, 'utf8')),
      }));
      onLoad({ filter: /.*/, namespace: 'native' }, ({ path }) => ({ contents: native[path] }));
    },
  };
}

/**
 * node-inspect-extracted makes a descriptor of every item of an array to find the keys that are no indices. Keys come in
 * order, indices first, so that looking at the others is enough: a hundredth of the time for a long array.
 */
function withQuickKeys(text) {
  const slow = /getOwnNonIndexProperties:function\(t,e=2\)\{.*?return r\}/s;
  return changed(text, slow, `getOwnNonIndexProperties:${quickKeys.toString()}`);
}

/**
 * node-inspect-extracted takes hold of every method of every global, 700 of them, under one name each (ArrayPrototypePush),
 * and uses 200: three milliseconds in each context. What is left are the methods whose names its text has.
 */
function withFewPrimordials(text) {
  const words = new Set(text.match(/\b[A-Z]\w+/g));
  const wanted = {};
  const loops = /function (\w)\((t,e,i)\)\{for\(const l of o\(t\)\)/g;
  const recording = text.replace(loops, 'function $1($2){for(const l of __record(i,t,o(t)))');
  const record = (prefix, holder, keys) => {
    wanted[prefix] = keys.filter((key) => {
      const name = typeof key === 'symbol' ? `Symbol${capital(key.description.slice(7))}` : capital(key);
      return (
        ['', 'Get', 'Set'].some((kind) => words.has(`${prefix}${kind}${name}`)) || words.has(`${prefix}${name}Apply`)
      );
    });
    return wanted[prefix];
  };
  const run = new Function('module', 'exports', 'require', '__record', recording);
  run({ exports: {} }, {}, createRequire(import.meta.url), record);
  const symbolsByName = (key) => (typeof key === 'symbol' ? `Symbol.${key.description.slice(7)}` : JSON.stringify(key));
  const table = Object.entries(wanted)
    .filter(([, keys]) => keys.length > 0)
    .map(([prefix, keys]) => `${prefix}:[${keys.map(symbolsByName)}]`);
  if (table.length < 20 || !wanted.ArrayPrototype.includes('push')) {
    throw new Error('node-inspect-extracted has changed: look again at withFewPrimordials in scripts/libraries.mjs.');
  }
  const few = text.replace(loops, 'function $1($2){for(const l of(wanted[i]??[]).filter((key)=>r(t,key)))');
  return changed(few, '683(t){', `683(t){const wanted={${table}};`);
}

/** readable-stream loads a package for AbortController before anybody asks for one. */
function withLateAbort(text) {
  const signal = "const AbortSignal = globalThis.AbortSignal || require('abort-controller').AbortSignal";
  const controller = "globalThis.AbortController || require('abort-controller').AbortController";
  return changed(
    changed(changed(text, signal, ''), 'AbortSignal.any ||', ''),
    `const AbortController = ${controller}`,
    `function AbortController() { return new (${controller})(); }`,
  );
}

function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** In loose comparisons, too, NaN equals itself since Node 14, and so do dates that are none. */
function withNaN(text) {
  const loose = changed(
    text,
    'return val1 == val2;',
    'return val1 == val2 || (numberIsNaN(val1) && numberIsNaN(val2));',
  );
  const [first, second] = ['val1', 'val2'].map((name) => `Date.prototype.getTime.call(${name})`);
  return changed(loose, `${first} !== ${second}`, `!objectIs(${first}, ${second})`);
}

function changed(text, from, to) {
  const result = text.replace(from, () => to);
  if (result === text) {
    throw new Error(
      `A package has changed: ${from} is not in it. Look again at what is changed in scripts/libraries.mjs.`,
    );
  }
  return result;
}

function quickKeys(target, filter = 2) {
  const keys = Reflect.ownKeys(target);
  const isIndex = (key) => typeof key === 'string' && /^(?:0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1;
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isIndex(keys[middle])) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const others = keys.slice(low);
  return filter === 2 ? others.filter((key) => Reflect.getOwnPropertyDescriptor(target, key)?.enumerable) : others;
}
