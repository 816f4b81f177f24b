import type IsolatedVm from 'isolated-vm';
import { ivm } from './native.ts';

/**
 * A trusted script that every isolate starts with. V8's code cache of the first compilation serves all later ones: half of
 * the cost of a small program was compiling the same text again.
 */
export class Prelude {
  readonly source: string;
  #cache: IsolatedVm.ExternalCopy<ArrayBuffer> | undefined;

  /** `source`: an expression that yields a function of the seed. */
  constructor(source: string) {
    this.source = source;
  }

  /** Takes another code cache of the same source: one that has the functions that ran (warm-up.ts). */
  useCache(data: Uint8Array): void {
    this.#cache = new ivm.ExternalCopy(new Uint8Array(data).buffer);
  }

  compile(isolate: IsolatedVm.Isolate): IsolatedVm.Script {
    if (this.#cache !== undefined) {
      return isolate.compileScriptSync(this.source, { cachedData: this.#cache });
    }
    const script: IsolatedVm.Script & IsolatedVm.CachedDataResult = isolate.compileScriptSync(this.source, {
      produceCachedData: true,
    });
    this.#cache = script.cachedData;
    return script;
  }
}

/** Runs a compiled prelude in a context and gives the object that it makes for this seed. */
export function runPrelude(script: IsolatedVm.Script, context: IsolatedVm.Context, seed: number): IsolatedVm.Reference {
  const make = script.runSync(context, { reference: true });
  return make.applySync(undefined, [seed], { result: { reference: true } });
}
