import type ivm from 'isolated-vm';

/**
 * A trusted script that every isolate starts with. V8's code cache of the first compilation serves all later ones: half of
 * the cost of a small program was compiling the same text again.
 */
export class Prelude {
  readonly #source: string;
  #cache: ivm.ExternalCopy<ArrayBuffer> | undefined;

  /** `source`: an expression that yields a function of the seed. */
  constructor(source: string) {
    this.#source = source;
  }

  compile(isolate: ivm.Isolate): ivm.Script {
    if (this.#cache !== undefined) {
      return isolate.compileScriptSync(this.#source, { cachedData: this.#cache });
    }
    const script: ivm.Script & ivm.CachedDataResult = isolate.compileScriptSync(this.#source, {
      produceCachedData: true,
    });
    this.#cache = script.cachedData;
    return script;
  }
}

/** Runs a compiled prelude in a context and gives the object that it makes for this seed. */
export function runPrelude(script: ivm.Script, context: ivm.Context, seed: number): ivm.Reference {
  const make = script.runSync(context, { reference: true });
  return make.applySync(undefined, [seed], { result: { reference: true } });
}
