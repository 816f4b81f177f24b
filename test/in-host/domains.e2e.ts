import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPaths, stepName } from '../../src/run/folder.ts';
import { exampleEvaluation, exampleMetrics, exampleRun, exampleStep } from '../../src/view/example-records.ts';
import {
  type ExampleVote,
  exampleValueEvaluation,
  exampleVoteMetrics,
  exampleVoteStep,
} from '../../src/view/example-votes.ts';
import { writeSweep } from '../../src/sweep/record.ts';
import { findings, innerFrame } from './axe.ts';
import { type Editor, openEditor } from './editor.ts';
import {
  acceptQuickInput,
  changeSettings,
  chooseByTyping,
  picture,
  quickInput,
  runCommand,
  themes,
  webview,
} from './window.ts';

const steps = 14;

/** Questions as the arithmetic domain asks them: in both orders of the operands. */
const votes: readonly ExampleVote[] = [
  {
    ...{ id: 'p14.0.0', statement: '163 * 856', label: '139528', truth: '139528' },
    forms: [
      { asks: '163 * 856', answers: ['139528', '139528', '139428', '139528'] },
      { asks: '856 * 163', answers: ['139528', '139618', '', '139528'] },
    ],
  },
  {
    ...{ id: 'p14.0.1', statement: '276 - 195', label: '195', truth: '81' },
    forms: [
      { asks: '276 - 195', answers: ['195', '195', '81', '195'] },
      { asks: '195 - 276', answers: ['195', '-81', '195', '81'] },
    ],
  },
  {
    ...{ id: 'p14.1.0', statement: '48 + 977', label: null, truth: '1025' },
    forms: [
      { asks: '48 + 977', answers: ['1025', '1015', '925', '1026'] },
      { asks: '977 + 48', answers: ['1024', '1125', '1035', '1005'] },
    ],
  },
  {
    ...{ id: 'd14.0', statement: '12 * 7', label: null, truth: '84', source: 'dataset' },
    forms: [{ asks: '12 * 7', answers: ['84', '84', '74', '84'] }],
  },
];
const equations = 'Solve c + m = 41, 4*c + 2*m = 132 for m.';
const algebra: readonly ExampleVote[] = [
  {
    id: 'p2.0.0',
    statement: `A ferry carried 41 vehicles, cars and motorcycles. Together they had 132 wheels. How many motorcycles were on the ferry?\n\n${equations}`,
    ...{ label: '16', truth: '16' },
    forms: [
      { asks: equations, answers: ['16', '16', '25', '16'] },
      { asks: 'Solve 4*x + 2*y = 132, x + y = 41 for y.', answers: ['16', '33/2', '16', ''] },
    ],
  },
];

interface Example {
  config: Record<string, string | number>;
  createdAt: string;
  metrics: readonly object[];
  /** Lines of the latest step. */
  lines: readonly object[];
  evaluations: readonly { step: number; benchmark: string }[];
}

function writeRun(dir: string, { config, createdAt, metrics, lines, evaluations }: Example): void {
  const paths = runPaths(dir);
  mkdirSync(paths.steps, { recursive: true });
  mkdirSync(paths.evals);
  const count = metrics.length;
  const record = exampleRun({ ...{ state: 'finished', step: count, steps: count, createdAt }, config });
  writeFileSync(paths.run, JSON.stringify(record));
  writeFileSync(paths.metrics, metrics.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const latest = join(paths.steps, `${stepName(count)}.jsonl`);
  writeFileSync(latest, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  for (const evaluation of evaluations) {
    const name = `${stepName(evaluation.step)}-${evaluation.benchmark}.json`;
    writeFileSync(join(paths.evals, name), JSON.stringify(evaluation));
  }
}

function writeRuns(root: string): void {
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
  const course = (from: number, to: number, step: number): number =>
    from + ((to - from) * step) / steps + 0.02 * Math.sin(5 * step);
  writeRun(join(root, 'arithmetic'), {
    config: { domain: 'arithmetic', topic: '', device: 'cpu', label: 'agreement', answerForm: 'working', seed: 1 },
    createdAt: '2026-01-04T10:00:00.000Z',
    metrics: upTo(steps).map((step) =>
      exampleVoteMetrics(step, {
        ...{ label_accuracy: course(0.97, 0.87, step), answer_accuracy: course(0.6, 0.78, step) },
        ...{ majority_ratio: course(0.66, 0.85, step), form_agreement: course(0.5, 0.8, step) },
        labelled_rate: course(0.6, 0.9, step),
      }),
    ),
    lines: exampleVoteStep(steps, votes),
    evaluations: [exampleValueEvaluation(0, 9), exampleValueEvaluation(steps, 17)],
  });
  writeRun(join(root, 'algebra'), {
    config: { domain: 'algebra', topic: '', device: 'cpu', label: 'majority', seed: 2 },
    createdAt: '2026-01-03T10:00:00.000Z',
    metrics: upTo(2).map((step) => exampleVoteMetrics(step)),
    lines: exampleVoteStep(2, algebra),
    evaluations: [],
  });
  writeRun(join(root, 'coding'), {
    config: { domain: 'coding', topic: 'matrices', device: 'cpu', testsMode: 'executed', seed: 3 },
    createdAt: '2026-01-02T10:00:00.000Z',
    metrics: upTo(6).map((step) => exampleMetrics(step)),
    lines: exampleStep(6, [
      { id: 'q0', statement: 'Given an array, return the sum of its elements.', answers: ['AC AC AC', 'AC WA AC'] },
      { id: 'q1', statement: 'Count the elements.', answers: [], rejection: 'example_contradicts_reference' },
    ]),
    evaluations: [exampleEvaluation(0, 7), exampleEvaluation(6, 8)],
  });
}

describe('runs of every domain', function () {
  this.timeout(600_000);
  let editor: Editor;

  before(async () => {
    editor = await openEditor({ viewport: { width: 1500, height: 1250 } });
    writeRuns(join(editor.folders.workspace, 'runs'));
    // A folder for runs that came after the window is seen without asking.
    await editor.page.locator('.activitybar a[aria-label^="Self-Questioning"]').first().click();
    await editor.page.locator('.monaco-list-row', { hasText: 'finished · 14/14' }).waitFor();
  });
  after(() => editor.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      await picture(editor.page, `failed-domains-${this.currentTest.title.replaceAll(/\W+/g, '-').slice(0, 40)}`);
    }
  });

  for (const theme of ['contrast', 'light', 'dark'] as const) {
    it(`show an arithmetic run by labels and agreement, without tests (${theme})`, async () => {
      const { page } = editor;
      await changeSettings(editor, { 'workbench.colorTheme': themes[theme].name });
      await page.locator('.monaco-list-row', { hasText: 'finished · 14/14' }).click();
      const inside = webview(page);
      await inside.locator(`body.${themes[theme].body}`).waitFor();
      await inside.locator('h1', { hasText: 'Arithmetic' }).waitFor();
      assert.match(await inside.locator('#shares-summary').innerText(), /labels true .*answers true/);
      assert.match(await inside.locator('#agreement-summary').innerText(), /majority ratio .*form agreement/);
      assert.equal(await inside.getByText('tests passed').count(), 0);
      await inside.getByText(/Better: \+33\.3 points, 95 % \+/).waitFor();
      const strokes = await (
        await innerFrame(page)
      ).evaluate<string[]>("[...document.querySelectorAll('.curve')].map((curve) => getComputedStyle(curve).stroke)");
      assert.ok(strokes.length > 5 && strokes.every((stroke) => stroke !== 'none'), strokes.join(' '));
      assert.deepEqual(await findings(page), []);
      await (await innerFrame(page)).evaluate('scrollTo(0, 0)');
      await picture(page, `arithmetic-dashboard-${theme}`);
    });

    it(`show the vote on a question, with a proposal and without (${theme})`, async () => {
      const { page } = editor;
      const inside = webview(page);
      await inside.locator('.feed button', { hasText: '276 - 195' }).click();
      await inside.getByText('The vote').waitFor();
      await inside.locator('.headline', { hasText: 'not true' }).first().waitFor();
      assert.deepEqual(await inside.locator('.votes .form').allInnerTexts(), ['276 - 195', '195 - 276']);
      assert.equal(await inside.locator('.votes tr.elected .vote').count(), 5);
      assert.equal(await inside.getByRole('button', { name: 'Solve it yourself' }).count(), 0);
      assert.deepEqual(await findings(page), []);
      await picture(page, `arithmetic-vote-${theme}`);
      await inside.getByRole('button', { name: 'Next' }).click();
      await inside.locator('.headline', { hasText: 'no label' }).waitFor();
      await picture(page, `arithmetic-no-label-${theme}`);
      await inside.getByRole('button', { name: 'Next' }).click();
      await inside.locator('.headline', { hasText: 'expected' }).first().waitFor();
      await inside.getByText('from a data set: dataset/7').waitFor();
      await picture(page, `arithmetic-known-${theme}`);
    });
  }

  it('list questions by their label, and offer to solve only what has tests', async () => {
    const { page } = editor;
    await page.locator('.monaco-list-row', { hasText: 'Step 14' }).first().click();
    await page.locator('.monaco-list-row', { hasText: 'label 195 · not true' }).waitFor();
    await page.locator('.monaco-list-row', { hasText: '12 * 7' }).first().waitFor();
    assert.equal(await page.locator('.monaco-list-row [aria-label^="Solve a Problem"]').count(), 0);
    await picture(page, 'arithmetic-trees');
  });

  it('show an evaluation of values alone, and beside the one before training', async () => {
    const { page } = editor;
    await page.locator('.monaco-list-row', { hasText: /before training/ }).click();
    await webview(page).getByText('the answer is the true value').waitFor();
    const head = await webview(page).locator('th').allInnerTexts();
    assert.deepEqual(head, ['problem', 'result', 'answer', 'expected']);
    await picture(page, 'arithmetic-evaluation');
    await page.locator('.monaco-list-row', { hasText: /after step 14/ }).click();
    await webview(page)
      .getByText(/^Better: \+33\.3 points/)
      .waitFor();
    await webview(page).locator('.sides').getByText('answer 109').first().waitFor();
    await webview(page)
      .getByText(/^expected \d09$/)
      .waitFor();
    await picture(page, 'arithmetic-comparison');
  });

  it('keep commands with the run in front, and say which one it is', async () => {
    const { page } = editor;
    await page.locator('.monaco-list-row', { hasText: 'finished · 14/14' }).click();
    await page.locator('.monaco-list-row', { hasText: 'finished · 2/2' }).click();
    await webview(page).locator('h1', { hasText: 'Algebra' }).waitFor();
    await page.locator('.tab', { hasText: 'Arithmetic' }).first().click();
    await webview(page).locator('h1', { hasText: 'Arithmetic' }).waitFor();
    await runCommand(page, 'Self-Questioning: Inspect Problems');
    await webview(page).locator('header', { hasText: 'Arithmetic' }).getByText('163 * 856').first().waitFor();
    await page.locator('.tab', { hasText: 'Algebra' }).first().click();
    await runCommand(page, 'Self-Questioning: Inspect Problems');
    await webview(page).locator('header', { hasText: 'Algebra' }).waitFor();
    await picture(page, 'algebra-vote');
  });

  it('are compared with their results and the settings in which they differ, also after a click in the list', async () => {
    const { page } = editor;
    await page.locator('.tab', { hasText: 'Arithmetic' }).first().click();
    await runCommand(page, 'Self-Questioning: Compare Runs');
    const inside = webview(page);
    const widget = page.locator('.quick-input-widget:visible');
    await widget.locator('.monaco-list-row', { hasText: 'Coding' }).click();
    await page.keyboard.press('Enter');
    await inside.locator('.compared').waitFor();
    await page.locator('.monaco-list-row', { hasText: 'finished · 14/14' }).click();
    assert.match(await inside.locator('.compared').innerText(), /domain\s+arithmetic\s+coding/);
    assert.match(await inside.locator('#reward-summary').innerText(), /A solver .*B solver/);
    assert.deepEqual(await findings(page), []);
    await picture(page, 'compared');
  });

  it('of a sweep are laid over each other at once, a colour for each variant', async () => {
    const { page } = editor;
    const root = join(editor.folders.workspace, 'runs');
    const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
    const runs = ['agreement', 'truth'].flatMap((label) =>
      [1, 2].map((seed) => ({ name: `labels.${label}.s${seed}`, variant: label, seed })),
    );
    writeSweep(root, { version: 1, name: 'labels', runs, failures: {} });
    for (const { name, variant, seed } of runs) {
      writeRun(join(root, name), {
        config: { domain: 'arithmetic', topic: '', device: 'cpu', label: variant, seed },
        createdAt: '2026-01-01T10:00:00.000Z',
        metrics: upTo(5).map((step) => exampleVoteMetrics(step, { answer_accuracy: 0.5 + 0.02 * step * seed })),
        lines: exampleVoteStep(5, votes),
        evaluations: [exampleValueEvaluation(0, 9), exampleValueEvaluation(5, 9 + seed)],
      });
    }
    await page.locator('.monaco-list-row', { hasText: 'truth · seed 2 · labels' }).waitFor();
    await runCommand(page, 'Self-Questioning: Compare Runs of a Sweep');
    const heads = webview(page).locator('.compared thead th');
    await heads.nth(3).waitFor();
    assert.match((await heads.allInnerTexts()).join(), /A agreement · seed 1.*B agreement · seed 2.*C truth.*D truth/s);
    const swatches = await heads.locator('rect').all();
    const colours = await Promise.all(swatches.map((swatch) => swatch.getAttribute('fill')));
    assert.ok(colours[0] === colours[1] && colours[2] === colours[3] && colours[0] !== colours[2], colours.join());
    assert.deepEqual(await findings(page), []);
    await picture(page, 'compared-sweep');
  });

  it('start in every field that exists, with the model that a field needs, on devices of this platform', async () => {
    const { page } = editor;
    cpSync(join(import.meta.dirname, '../../data/domain-template'), join(editor.folders.workspace, 'words'), {
      recursive: true,
    });
    await runCommand(page, 'Self-Questioning: Start Self-Questioning');
    const rows = quickInput(page, 'question itself').locator('.monaco-list-row');
    await rows.first().waitFor();
    const names = await rows.locator('.quick-input-list-label .label-name').allInnerTexts();
    assert.deepEqual(
      ['Coding', 'Arithmetic', 'Algebra'].filter((name) => !names.includes(name)),
      [],
      names.join(),
    );
    // A row with an icon has its detail among these.
    assert.match(names.slice(3).join(' | '), /words \| .*A folder with a domain of your own…$/);
    await picture(page, 'start-field');
    // A domain of the workspace is asked what it is, in the sandbox, before the next question.
    await chooseByTyping(page, 'question itself', 'words');
    await quickInput(page, 'Free text').waitFor();
    await page.locator('.quick-input-widget:visible [aria-label^="Back"]').first().click();
    await quickInput(page, 'question itself').waitFor();
    await chooseByTyping(page, 'question itself', 'Arithmetic');
    await acceptQuickInput(page, 'Free text');
    const focused = quickInput(page, 'Which model should learn').locator('.monaco-list-row.focused');
    await focused.filter({ hasText: '1.5B' }).filter({ hasText: 'suggested for this field' }).waitFor();
    await picture(page, 'start-suggested');
    await acceptQuickInput(page, 'Which model should learn');
    await picture(page, 'start-size');
    await acceptQuickInput(page, 'How large');
    const devices = quickInput(page, 'Where should the model').locator('.monaco-list-row');
    await devices.first().waitFor();
    const offered = (await devices.allInnerTexts()).join('\n');
    await picture(page, 'start-device');
    assert.match(offered, /cpu/);
    assert.equal(/coreml/.test(offered), process.platform === 'darwin');
    await page.keyboard.press('Escape');
  });

  it('fit a narrow editor and leave no card alone in a row of two', async () => {
    const { page } = editor;
    await page.setViewportSize({ width: 1280, height: 1400 });
    await picture(page, 'compared-1280');
    await page.setViewportSize({ width: 760, height: 1400 });
    const inside = webview(page);
    const overflow = await (
      await innerFrame(page)
    ).evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    assert.ok(overflow <= 0, `${overflow} pixels stick out`);
    await picture(page, 'compared-narrow');
    await runCommand(page, 'Self-Questioning: Inspect Problems');
    await inside.getByText('The vote').waitFor();
    await picture(page, 'vote-narrow');
  });
});
