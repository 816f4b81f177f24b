import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BoundaryError } from '../../src/base/errors.ts';
import { expectedTensors } from '../../src/model/layout.ts';
import type { ModelFile } from '../../src/model/model.ts';
import { openModel, readModelConfig } from '../../src/model/open.ts';
import { createTokenizer } from '../../src/model/tokenizer/tokenizer.ts';
import { createAdapter } from '../../src/runtime/decoder/adapter.ts';
import { readCheckpoint, writeCheckpoint } from '../../src/runtime/training/checkpoint.ts';
import { createOptimizerState } from '../../src/runtime/training/optimizer.ts';
import { writeGguf } from '../../src/model/formats/gguf-writer.ts';
import { fuzzCases, fuzzSeconds, isRepeated, limitMemory, timed } from '../support/fuzz.ts';
import { draws, mutateBytes, mutateJson, type Draws } from '../support/mutations.ts';
import { tinyLlama } from '../support/tiny-gguf.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

/** Damaged and hostile model files by fixed seeds. */
const targets = ['GGUF', 'safetensors', 'configuration', 'adapter', 'template'] as const;
const memoryLimitBytes = 700e6;

describe('model files of unknown origin', function () {
  this.timeout((fuzzSeconds * 3 + 60) * 1000);
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'fuzz-'));
    await writeTinyModel(join(dir, 'folder'), { hidden: 32, ffn: 32 });
    writeGguf(join(dir, 'whole.gguf'), tinyLlama());
  });
  after(() => rm(dir, { recursive: true }));

  /** Runs cases until the time is over: each ends well or with a BoundaryError, soon, and without filling the memory. */
  async function fuzz(
    target: (typeof targets)[number],
    attempt: (random: Draws) => Promise<void> | void,
  ): Promise<void> {
    const assertMemory = limitMemory(memoryLimitBytes);
    let refused = 0;
    for (const index of fuzzCases(fuzzSeconds / targets.length)) {
      const name = `${target}, FUZZ_CASE=${index}`;
      await timed(name, async () => {
        try {
          await attempt(draws(targets.indexOf(target), index));
        } catch (error) {
          assert.ok(error instanceof BoundaryError, `${name}: ${error instanceof Error ? error.stack : String(error)}`);
          assert.ok(error.message.length < 20_000, `${name}: a message of ${error.message.length} characters`);
          refused++;
        }
      });
      assertMemory(name);
    }
    assert.ok(isRepeated || refused > 10, `${refused} cases were refused`);
  }

  /** Everything that is read of a model when it runs. */
  async function use(model: ModelFile): Promise<void> {
    try {
      for (const name of expectedTensors(model.config).keys()) {
        await model.tensor(name);
      }
      model.tokenizer.encodeText('a <|im_end|> b');
      model.tokenizer.decode([0, 65, 256, 100_000]);
      model.tokenizer.renderChat([{ role: 'user', content: 'hi' }]);
    } finally {
      await model.close();
    }
  }

  it('are refused by name or read: GGUF', async () => {
    const whole = await readFile(join(dir, 'whole.gguf'));
    const path = join(dir, 'case.gguf');
    await fuzz('GGUF', async (random) => {
      await writeFile(path, mutateBytes(whole, random));
      await use(await openModel(path));
    });
  });

  it('are refused by name or read: safetensors', async () => {
    const path = join(dir, 'folder', 'model.safetensors');
    const whole = await readFile(path);
    const length = Number(whole.readBigUInt64LE());
    const header: unknown = JSON.parse(whole.toString('utf8', 8, 8 + length));
    await fuzz('safetensors', async (random) => {
      if (random.below(2) === 0) {
        await writeFile(path, mutateBytes(whole, random));
      } else {
        const changed = Buffer.from(JSON.stringify(mutateJson(header, random)));
        const size = Buffer.alloc(8);
        size.writeBigUInt64LE(BigInt(changed.length));
        await writeFile(path, Buffer.concat([size, changed, whole.subarray(8 + length)]));
      }
      await use(await openModel(join(dir, 'folder')));
    });
    await writeFile(path, whole);
  });

  it('are refused by name or read: configuration and tokenizer', async () => {
    const names = ['config.json', 'tokenizer_config.json', 'generation_config.json'];
    const whole = new Map<string, unknown>();
    for (const name of names) {
      const text = await readFile(join(dir, 'folder', name), 'utf8').catch(() => '{"eos_token_id": 256}');
      whole.set(name, JSON.parse(text));
    }
    await fuzz('configuration', async (random) => {
      for (const [name, value] of whole) {
        const text = JSON.stringify(random.below(2) === 0 ? mutateJson(value, random) : value);
        await writeFile(join(dir, 'folder', name), random.below(10) === 0 ? text.slice(0, random.below(40)) : text);
      }
      await readModelConfig(join(dir, 'folder'));
      await use(await openModel(join(dir, 'folder')));
    });
    // The next tests read this model; a file that it does not have would stay as the last case left it.
    await rm(join(dir, 'folder'), { recursive: true });
    await writeTinyModel(join(dir, 'folder'), { hidden: 32, ffn: 32 });
  });

  it('are refused by name or read: adapters', async () => {
    const { config } = await openModel(join(dir, 'folder')).then(async (model) => {
      await model.close();
      return model;
    });
    const adapter = createAdapter(config, 2, 4, () => 0.5);
    const folder = join(dir, 'adapter');
    await mkdir(folder);
    await writeCheckpoint(folder, { adapter, optimizer: createOptimizerState(adapter) }, 'tiny');
    const settings: unknown = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8'));
    const weights = await readFile(join(folder, 'adapter_model.safetensors'));
    await fuzz('adapter', async (random) => {
      const changed = random.below(3) > 0 ? mutateJson(settings, random) : settings;
      await writeFile(join(folder, 'adapter_config.json'), JSON.stringify(changed));
      const bytes = random.below(3) === 0 ? mutateBytes(weights, random) : weights;
      await writeFile(join(folder, 'adapter_model.safetensors'), bytes);
      await readCheckpoint(folder, config);
    });
  });

  it('are refused by name or rendered: chat templates', async () => {
    await fuzz('template', (random) => {
      const tokenizer = createTokenizer({
        path: 'model.gguf',
        definition: () => ({}),
        vocabulary: () => [],
        addedTokens: [],
        chatTemplate: randomTemplate(random, 0),
        bosToken: '<s>',
        eosToken: undefined,
        endIds: [],
      });
      tokenizer.renderChat([
        { role: 'system', content: 'be kind' },
        { role: 'user', content: 'hi' },
      ]);
    });
  });
});

const expressions = [
  ...[
    "'a'",
    '1',
    '-1',
    '1e308',
    'none',
    'true',
    'messages',
    'messages[0]',
    'messages[0].content',
    'bos_token',
    'x',
    'ns.x',
  ],
  ...['range(9)', 'range(99999)', 'range(10**9)', "'ab' * 3", "messages[0]['role']", "x.strip('a')", "'a'.split('')"],
  ...['messages | length', 'messages | tojson', "x | default('y')", 'messages[1:]', 'loop.index', '{}', '[]', '{x: x}'],
  ...[
    'x == messages',
    "'a' in 'ab'",
    'not x',
    'x and y',
    'f(x)',
    'namespace(x=[])',
    'messages | map(attribute="role")',
  ],
  ...[
    'tools',
    '1 // 0',
    '1 % 0',
    'messages | join',
    'x | indent(9)',
    "'%s' % 1",
    'strftime_now("%Y")',
    'raise_exception(x)',
  ],
];

/** Statements and expressions at random, some of them cut off. */
function randomTemplate(random: Draws, depth: number): string {
  const { below, pick } = random;
  const inner = () => (depth < 4 ? randomTemplate(random, depth + 1) : 'text');
  const parts = Array.from({ length: 1 + below(4) }, () => {
    switch (below(9)) {
      case 0:
        return `{% for ${pick(['x', 'm', 'k, v'])} in ${pick(expressions)} %}${inner()}{% endfor %}`;
      case 1:
        return `{%- if ${pick(expressions)} -%}${inner()}{% else %}${inner()}{% endif %}`;
      case 2:
        return `{% set ${pick(['x', 'y', 'ns.x'])} = ${pick(expressions)} %}`;
      case 3:
        return `{% set x = x + x %}{% set x = x ~ 'aaaaaaaa' %}`;
      case 4:
        return `{% macro f(x) %}${inner()}{% endmacro %}`;
      case 5:
        return pick([
          '{% break %}',
          '{% continue %}',
          '{{',
          '{% endfor %}',
          '\r\n',
          '{# #}',
          '{% set ns = namespace(x=x) %}',
        ]);
      case 6:
        return `{{ ${pick(expressions)} ${pick(['~', '+', '==', '!=', 'in', '|', 'is'])} ${pick(expressions)} }}`;
      default:
        return `{{ ${pick(expressions)} }}`;
    }
  });
  return parts.join('');
}
