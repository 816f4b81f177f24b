import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type ivm from 'isolated-vm';
import { maxStderrLength, maxValueLength, type PythonKit } from '../wire/messages.ts';
import { ivm as native } from './native.ts';
import { driverSource } from '../realm/python-driver.ts';
import { type PythonRealm, realmSource, type WebAssemblyApi } from '../realm/python-realm.ts';

/** A CPython that has been booted in a separate isolate, for one program. */
export interface Interpreter {
  isolate: ivm.Isolate;
  context: ivm.Context;
  realm: Record<keyof PythonRealm, ivm.Reference>;
}

/** V8 heap of the isolate, MiB: Pyodide's JavaScript and copies of its files. The memory of Python itself is counted apart. */
const heapMb = 320;
/** Memory of the interpreter itself, MiB; a job's limit comes on top. */
const ownMemoryMb = 48;
const bootMs = 60_000;

/** Pyodide's files, read once a process, and its machine code, which V8 shares between isolates while a module is alive. */
export class InterpreterFactory {
  readonly #files: { lock: string; wasm: ArrayBuffer; stdlib: ArrayBuffer; snapshot: ArrayBuffer | undefined };
  readonly #sources: { glue: string; loader: string };
  /** Never used, only held. */
  readonly shared: object;
  #spare: Interpreter | undefined;

  constructor({ folder, snapshot }: PythonKit) {
    const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
    const wasm = readBytes(join(folder, 'pyodide.asm.wasm'));
    this.#files = {
      lock: text('pyodide-lock.json'),
      wasm,
      stdlib: readBytes(join(folder, 'python_stdlib.zip')),
      snapshot: snapshot === undefined ? undefined : readBytes(snapshot),
    };
    this.#sources = { glue: text('pyodide.asm.mjs'), loader: text('pyodide.mjs') };
    const { Module } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyApi;
    this.shared = new Module(wasm);
  }

  /** Boots one ahead. Throws where the interpreter does not start. */
  prepare(): void {
    this.#spare ??= this.#boot();
  }

  /** A fresh one; the caller disposes of its isolate. */
  take(): Interpreter {
    const interpreter = this.#spare ?? this.#boot();
    this.#spare = undefined;
    return interpreter;
  }

  #boot(): Interpreter {
    const isolate = new native.Isolate({ memoryLimit: heapMb });
    const context = isolate.createContextSync();
    const limits = {
      ownMemoryMb,
      maxLength: maxValueLength.function,
      maxOutput: maxValueLength.program,
      maxErrors: maxStderrLength,
    };
    const made: ivm.Reference = context.evalSync(realmSource(limits), { reference: true });
    const member = (name: keyof PythonRealm): ivm.Reference => made.getSync(name, { reference: true });
    const realm = {
      start: member('start'),
      fault: member('fault'),
      limit: member('limit'),
      snapshot: member('snapshot'),
      compile: member('compile'),
      load: member('load'),
      call: member('call'),
      run: member('run'),
      streams: member('streams'),
    };
    const [loader, create] = this.#modules(isolate, context);
    const files = new native.ExternalCopy(this.#files).copyInto({ release: true });
    realm.start.applySync(undefined, [loader.derefInto(), create.derefInto(), files, driverSource], {
      timeout: bootMs,
    });
    const fault: unknown = realm.fault.applySync();
    if (fault !== '') {
      throw new Error(`Python does not start: ${String(fault)}`);
    }
    return { isolate, context, realm };
  }

  #modules(isolate: ivm.Isolate, context: ivm.Context): [loader: ivm.Reference, create: ivm.Reference] {
    const modules = (['loader', 'glue'] as const).map((name) => {
      const module = isolate.compileModuleSync(this.#sources[name], { filename: `file:///pyodide/${name}.mjs` });
      module.instantiateSync(context, (specifier) => {
        throw new Error(`Cannot find module '${specifier}'`);
      });
      module.evaluateSync();
      return module.namespace;
    });
    const [loader, glue] = modules;
    if (loader === undefined || glue === undefined) {
      throw new Error('Pyodide has no modules');
    }
    return [loader.getSync('loadPyodide', { reference: true }), glue.getSync('default', { reference: true })];
  }

  /** Memory of an interpreter that holds the driver and nothing of any program. */
  makeSnapshot(): Buffer {
    const { isolate, realm } = this.#boot();
    const memory: unknown = realm.snapshot.applySync(undefined, [], { result: { copy: true } });
    isolate.dispose();
    if (!(memory instanceof ArrayBuffer) || memory.byteLength === 0) {
      throw new Error('Pyodide gave no snapshot of its memory');
    }
    return Buffer.from(memory);
  }
}

function readBytes(path: string): ArrayBuffer {
  const data = readFileSync(path);
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}
