import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolderSync } from '../../base/make-folder.ts';
import { adviseMemory, gb, machineMemory } from '../../engine/memory.ts';
import { cacheDir } from '../../base/cache-dir.ts';
import { catalogue, catalogueEntry, defaultModelId } from '../../model/catalogue.ts';
import { fileHash } from '../../base/file-hash.ts';
import { listHubModels } from '../../model/fetch/hub-model.ts';
import { chooseModel, modelStatus } from '../../model/installed.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { describeFences } from '../../sandbox/host/launch.ts';
import type { Device } from '../../runtime/settings.ts';
import { devicesOf, saturationNote } from '../../runtime/devices/devices.ts';
import type { RuntimeCalls } from '../../runtime/process/calls.ts';
import { RuntimeProcess } from '../../runtime/process/client.ts';
import { createSandbox } from '../../sandbox/host/pool.ts';
import type { Arguments } from '../arguments.ts';
import { paint } from '../terminal.ts';

/** One line of the report. `remedy` says what to do where it is not `ok`; what is `absent` no run needs. */
interface Finding {
  name: string;
  state: 'ok' | 'absent' | 'warning' | 'failed';
  detail: string;
  remedy?: string;
}

/** Bytes that models and checkpoints want, and without which nothing can be kept. */
const room = { wanted: 5e9, least: 1e9 };
/** A driver may compile its programs first. */
const probeLimitMs = 60_000;

/** `selfq doctor`: everything that a run needs, each probed apart. Returns 1 when something essential is missing. */
export async function doctor(args: Arguments): Promise<number> {
  const findings: Finding[] = [];
  for (const check of [checkNode, checkRuntime, checkSandbox, checkMemory, checkDisk, checkModel, checkDevices]) {
    const found = [await check()].flat();
    findings.push(...found);
    if (!args.has('json')) {
      process.stdout.write(found.map(describe).join(''));
    }
  }
  if (args.has('json')) {
    process.stdout.write(`${JSON.stringify(findings)}\n`);
  }
  return findings.some(({ state }) => state === 'failed') ? 1 : 0;
}

function describe({ name, state, detail, remedy }: Finding): string {
  const signs = { ok: paint('green', '✔'), absent: '–', warning: paint('yellow', '!'), failed: paint('red', '✘') };
  return `${signs[state]} ${name}: ${detail}\n${remedy ? `    ${remedy}\n` : ''}`;
}

function checkNode(): Finding {
  const detail = `${process.versions.node}, ${process.platform}-${process.arch}`;
  const major = Number(process.versions.node.split('.')[0]);
  return major >= 24
    ? { name: 'Node', state: 'ok', detail }
    : { name: 'Node', state: 'failed', detail, remedy: 'Start with `npx selfq` or `npm start`: they fetch Node 24.' };
}

/** A native module that does not fit can end its process, hence the child. */
async function checkRuntime(): Promise<Finding> {
  const name = 'onnxruntime-node';
  const program = `const ort = await import('${name}'); process.stdout.write(String(ort.env?.versions?.node ?? ort.InferenceSession !== undefined));`;
  const { output, failure } = await probe(['--input-type=module', '--eval', program]);
  if (failure !== undefined) {
    const remedy =
      'Install the dependencies again: `npm ci --ignore-scripts`. On Windows the Visual C++ runtime is needed.';
    return { name, state: 'failed', detail: failure, remedy };
  }
  return { name, state: 'ok', detail: `loads (${output})` };
}

async function checkSandbox(): Promise<Finding> {
  const name = 'isolated-vm sandbox';
  try {
    const sandbox = await createSandbox({ workers: 1 });
    const [result] = await sandbox.execute({
      source: 'function double(x) { return 2 * x; }',
      entry: 'double',
      inputs: [[21]],
      limits: { timeMs: 1000, memoryMb: 64 },
    });
    await sandbox.close();
    if (result?.ok && result.value === 42) {
      const { active, missing } = describeFences(sandbox.fences);
      const without = missing.length > 0 ? `; not on this machine: ${missing.join(', ')}` : '';
      return { name, state: 'ok', detail: `runs programs; behind the isolate: ${active.join(', ')}${without}` };
    }
    const detail = result && !result.ok ? result.message : 'gave a wrong result';
    return { name, state: 'failed', detail, remedy: 'Install the dependencies again: `npm ci --ignore-scripts`.' };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { name, state: 'failed', detail, remedy: 'Use Node 24 or 26 and `npm ci --ignore-scripts`.' };
  }
}

function checkMemory(): Finding {
  const config = resolveConfig('quick', {});
  const machine = machineMemory();
  const { verdict, needed, remedy } = adviseMemory(catalogueEntry(defaultModelId).config, config, 'run', machine);
  const detail =
    `${gb(machine.available)} of ${gb(machine.total)} free, ${cpus().length} logical cores; ` +
    `a run of ${defaultModelId} needs ${gb(needed)}`;
  return verdict === 'fits'
    ? { name: 'Memory', state: 'ok', detail }
    : { name: 'Memory', state: 'warning', detail, remedy };
}

async function checkDisk(): Promise<Finding> {
  const folder = cacheDir();
  try {
    makeFolderSync(folder);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const detail = `${gb(free)} free at ${folder}`;
    const remedy = 'Models and checkpoints want about 5 GB: free some, or set SELFQ_HOME to a folder on another disk.';
    return free >= room.wanted
      ? { name: 'Disk', state: 'ok', detail }
      : { name: 'Disk', state: free < room.least ? 'failed' : 'warning', detail, remedy };
  } catch (error) {
    const detail = `${folder}: ${error instanceof Error ? error.message : String(error)}`;
    return { name: 'Disk', state: 'failed', detail, remedy: 'Set SELFQ_HOME to a folder that you may write to.' };
  }
}

async function checkModel(): Promise<Finding> {
  const name = 'Models';
  const ready: string[] = [];
  for (const id of [
    ...catalogue.map((entry) => entry.id),
    ...(await listHubModels(cacheDir())).map((model) => model.id),
  ]) {
    const model = chooseModel(id, cacheDir());
    const { state, problem } = await modelStatus(model);
    const expected = model.entry?.sha256;
    const changed =
      state === 'ready' && expected !== undefined && (await fileHash(model.path, cacheDir())) !== expected;
    if (state === 'wrong' || changed) {
      const detail = `${id} is damaged. ${problem ?? 'It has a wrong checksum.'}`;
      return { name, state: 'failed', detail, remedy: `Fetch it again: \`selfq models pull ${id}\`.` };
    }
    if (state === 'ready') {
      ready.push(id);
    }
  }
  return ready.length > 0
    ? { name, state: 'ok', detail: ready.join(', ') }
    : {
        name,
        state: 'warning',
        detail: 'none fetched',
        remedy: `Fetch the default one: \`selfq models pull ${defaultModelId}\`.`,
      };
}

/** Each in a separate process, all at once: a driver that does not fit can end it, or keep it waiting. */
async function checkDevices(): Promise<Finding[]> {
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  const answers = await Promise.all(devicesOf(`${process.platform}-${process.arch}`).map(probeDevice));
  const found = answers.flatMap(({ device, computes }) =>
    computes === undefined ? [] : `${device} (${device === 'cpu' ? processor : precisionOf(computes)})`,
  );
  const absent = answers.flatMap(({ device, failure }): Finding[] =>
    failure === undefined || device === 'cpu'
      ? []
      : [
          {
            name: `Device ${device}`,
            state: 'absent',
            detail: failure.replace(`The device ${device} does not work here: `, ''),
            remedy: 'No run needs it: the device cpu works.',
          },
        ],
  );
  const cpu = answers.find(({ device }) => device === 'cpu')?.computes;
  if (cpu === undefined) {
    const detail = answers.find(({ device }) => device === 'cpu')?.failure ?? 'none';
    const remedy = 'Install the dependencies again: `npm ci --ignore-scripts`.';
    return [{ name: 'Devices', state: 'failed', detail, remedy }];
  }
  const detail = [found.join(', '), describeProducts(cpu)].join('; ');
  const remedy = 'Results are right. Full speed needs a processor with AVX-512 VNNI or AVX-VNNI.';
  return [
    cpu.integerProducts
      ? { name: 'Devices', state: 'ok', detail }
      : { name: 'Devices', state: 'warning', detail, remedy },
    ...absent,
  ];
}

function describeProducts({ integerProducts }: Computes): string {
  return integerProducts ? 'integer products: exact' : `balanced is computed as strict and exact: ${saturationNote}`;
}

function precisionOf({ half }: Computes): string {
  return half ? 'fp32 and fp16' : 'fp32 alone';
}

type Computes = RuntimeCalls['probeDevice'][1];

/** What it computes, or why it is of no use. */
async function probeDevice(device: Device): Promise<{ device: Device; computes?: Computes; failure?: string }> {
  const runtime = new RuntimeProcess();
  const limit = AbortSignal.timeout(probeLimitMs);
  try {
    return { device, computes: await runtime.call('probeDevice', { device }, { signal: limit }) };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const failure = limit.aborted ? `The device ${device} gave no answer in ${probeLimitMs / 1000} s.` : reason;
    return { device, failure };
  } finally {
    runtime.kill();
  }
}

async function probe(args: string[]): Promise<{ output: string; failure?: string }> {
  const cwd = dirname(fileURLToPath(import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, timeout: 30_000 }, (error, stdout, stderr) => {
      const words = stderr.trim().split('\n').at(-1) ?? '';
      resolve(error ? { output: '', failure: words || error.message } : { output: stdout.trim() });
    });
  });
}
