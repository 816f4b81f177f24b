import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakePolicy, wordsDomain } from '../../test/support/fake-policy.ts';
import type { Answer, StepLine } from '../protocol/records.ts';
import { makeRunFolders, writeStep } from '../run/folder.ts';
import { proposerSource } from '../selfplay/sources.ts';
import { assertTrains, createSource, questionsBeforehand, readQuestionFiles } from './question-source.ts';

/** A question of a step's records with answers that have these marks. */
function question(word: string, ...marks: Answer['mark'][]): StepLine[] {
  return [
    { type: 'question', id: word, statement: word, content: word, prompts: [] },
    ...marks.map((mark, index): Answer => ({
      ...{ type: 'answer', id: `${word}.${index}`, groupId: word, questionId: word, form: 0, text: '', answer: '' },
      ...{ tokens: 1, finishReason: 'stop', advantage: 0, mark },
    })),
  ];
}

describe('where the questions of a run come from', () => {
  let dir: string;
  before(() => (dir = mkdtempSync(join(tmpdir(), 'selfq-source-'))));
  after(() => rmSync(dir, { recursive: true, force: true }));

  const { policy } = fakePolicy(() => '');
  const none = { pool: '', poolShare: 1, labelled: '', labelledShare: 0.05, questionsBeforehand: 0, maxPromptTokens: 32, maxProposalTokens: 16, maxAnswerTokens: 4096 }; // prettier-ignore
  const write = (name: string, ...lines: string[]): string => {
    const path = join(dir, name);
    writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
    return path;
  };
  const create = async (settings: Partial<typeof none>, domain = wordsDomain()) => {
    const all = { ...none, ...settings };
    const files = await readQuestionFiles(all, domain);
    return createSource(all, domain, policy.countTokens, { files, collected: () => [] });
  };

  it('is the proposer unless a file is given', async () => {
    assert.equal(await create({}), proposerSource);
    assert.equal(await create({ pool: write('unused.jsonl', '"cat"'), poolShare: 0 }), proposerSource);
  });

  it('names the broken lines of a file, how many there are, and takes nothing of it', async () => {
    const pool = write('broken.jsonl', '"cat"', '{', '7', '"dog"');
    await assert.rejects(create({ pool }), /2 lines of .*broken\.jsonl cannot be read as words \(line 2: .*line 3: /);
    await assert.rejects(create({ pool: write('empty.jsonl') }), /holds no questions/);
  });

  it('names a file that is not there with its setting, and the form of a row where the file has another', async () => {
    const labelled = join(dir, 'nowhere.jsonl');
    await assert.rejects(create({ labelled }), /There is no file .*nowhere\.jsonl, which the setting labelled names/);
    const domain = { ...wordsDomain(), rowExample: '"cat"' };
    const broken = create({ labelled: write('numbers.jsonl', '7') }, domain);
    await assert.rejects(broken, { remedy: /as JSON, such as "cat"; mend or remove/ });
  });

  it('refuses files beside questions made beforehand, and a run that would never train on those', async () => {
    const pool = write('beside.jsonl', '"cat"');
    await assert.rejects(create({ pool, questionsBeforehand: 2 }), /own questions alone, and pool names a file/);
    assert.throws(
      () => assertTrains({ ...none, questionsBeforehand: 3 }, 3),
      /first 3 steps .* the run has 3: nothing/,
    );
    assertTrains({ ...none, questionsBeforehand: 3 }, 4);
    assertTrains(none, 0);
  });

  it('takes what the steps before training left that some answers solved and others did not', () => {
    const settings = { ...none, questionsBeforehand: 2 };
    const run = join(dir, 'run');
    makeRunFolders(run);
    const vain = question('dog', 'right', 'right', 'masked');
    writeStep(run, 1, vain);
    assert.throws(() => questionsBeforehand(run, settings, wordsDomain()), /None of the 1 questions of the first 2 st/);
    writeStep(run, 1, [...question('cat', 'right', 'wrong'), ...vain]);
    writeStep(run, 2, question('cow', 'right', 'partial'));
    writeStep(run, 3, question('late', 'right', 'wrong'));
    const taught = questionsBeforehand(run, settings, wordsDomain());
    assert.deepEqual(
      taught,
      ['cat', 'cow'].map((word) => ({ id: word, statement: word, content: word })),
    );
  });

  it('refuses labelled questions whose answer nobody knows', async () => {
    const domain = { ...wordsDomain(), knowsTruth: ({ statement }: { statement: string }) => statement !== 'dog' };
    const labelled = write('unknown.jsonl', '"cat"', '"dog"');
    await assert.rejects(create({ labelled }, domain), /1 questions of .* have no known answer, such as unknown\/2/);
    await create({ pool: labelled }, domain);
  });

  it('refuses questions that are longer than prompts may be, by name and with the length that would do', async () => {
    const labelled = write('long.jsonl', '"cat"', JSON.stringify('x'.repeat(60)));
    await assert.rejects(create({ labelled }), (error: Error & { remedy?: string }) => {
      assert.match(error.message, /1 questions of .* more than 32 tokens, such as long\/2/);
      assert.match(error.remedy ?? '', /maxPromptTokens to 63/);
      return true;
    });
  });

  it('refuses a proposer whose prompts have no room, before anything is asked', async () => {
    await assert.rejects(create({ maxPromptTokens: 1, maxAnswerTokens: 16 }), (error: Error & { remedy?: string }) => {
      assert.match(error.message, /prompts of the proposer have up to \d+ tokens, and 1 have room/);
      assert.match(error.remedy ?? '', /shorter topic, or --set maxPromptTokens=\d+/);
      return true;
    });
    await create({ pool: write('all.jsonl', '"cat"'), poolShare: 1, maxAnswerTokens: 16 });
  });

  it('refuses shares that add up to more than the whole', async () => {
    const file = write('words.jsonl', '"cat"');
    await assert.rejects(create({ pool: file, labelled: file }), /add up to 1\.05/);
    await create({ pool: file, labelled: file, poolShare: 0.95 });
  });
});
