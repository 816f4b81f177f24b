import { stripTypeScriptTypes } from 'node:module';
import type ivm from 'isolated-vm';
import { messageOf } from './clock.ts';
import { withoutHostImports } from './imports.ts';
import type { LibraryShelf } from './libraries.ts';
import { maxSourceBytes, type WorkerJob } from '../wire/messages.ts';

const filename = 'file:///solution.js';

/**
 * A source that parses: as a script, as an ES module where it makes sense only as one, or as the body of a CommonJS
 * module (`return` at the top level). Modules are compiled again for each context that they run in.
 */
export type Code =
  { form: 'script'; script: ivm.Script } | { form: 'module'; source: string } | { form: 'commonJs'; source: string };

/** The source as JavaScript that an isolate can take, or why there is none. */
export function sourceOfJob(job: WorkerJob, shelf: LibraryShelf): { source: string } | { fault: string } {
  if (Buffer.byteLength(job.source) > maxSourceBytes) {
    return { fault: `the source is over ${maxSourceBytes} bytes` };
  }
  try {
    const source = job.language === 'typescript' ? stripTypes(job.source) : job.source;
    return { source: withoutHostImports(source.replace(/^\ufeff/, ''), shelf) };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}

/** Never pasted into a wrapper: what is no program by itself is a compile error, whose text is returned. */
export function compileSource(isolate: ivm.Isolate, source: string): Code | { fault: string } {
  let fault: string;
  try {
    return { form: 'script', script: isolate.compileScriptSync(source, { filename }) };
  } catch (error) {
    fault = messageOf(error);
  }
  if (fault.includes('Illegal return')) {
    return { form: 'commonJs', source };
  }
  return moduleOr(isolate, source, fault);
}

/** The source as an ES module where it parses as one and as nothing else; else the fault. */
export function moduleOr(isolate: ivm.Isolate, source: string, fault: string): Code | { fault: string } {
  if (!/\b(?:export|import|await|__import|__importMeta)\b/.test(source)) {
    return { fault };
  }
  try {
    compileModule(isolate, source);
    return { form: 'module', source };
  } catch (error) {
    return { fault: messageOf(error) };
  }
}

/** Compiles an ES module in the isolate. Throws the SyntaxError of the source. */
export function compileModule(isolate: ivm.Isolate, source: string): ivm.Module {
  return isolate.compileModuleSync(source, { filename });
}

/** Types only where that is enough, so that lines stay where they were; else enums and the like are rewritten. */
function stripTypes(source: string): string {
  try {
    return stripTypeScriptTypes(source);
  } catch (error) {
    assertCompilerWorks(error);
  }
  try {
    return stripTypeScriptTypes(source, { mode: 'transform' });
  } catch (error) {
    assertCompilerWorks(error);
    throw error;
  }
}

let compilerBroken = false;

/** True once the compiler itself has failed: it lives in this process, and may fail on every later source, too. */
export function isCompilerBroken(): boolean {
  return compilerBroken;
}

/** What the compiler finds wrong in a source has one of these codes; anything else is a fault of its own. */
function assertCompilerWorks(error: unknown): void {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ERR_INVALID_TYPESCRIPT_SYNTAX' && code !== 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    compilerBroken = true;
    const [reason] = messageOf(error).split('\n');
    throw new Error(`the TypeScript compiler failed on this source: ${reason}`, { cause: error });
  }
}
