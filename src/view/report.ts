import { figure, curvePanel, escapeMarkup, type Panel } from './figure.ts';
import { formatPercent } from './format.ts';
import type { EvaluationView, FeedEntry, Point, RunView, SeriesName } from './messages.ts';
import { benchmarkTitle } from './evaluation.ts';
import { english } from './translate.ts';
import { stateText, stepText } from './progress.ts';
import { reasonWord, seriesWord } from './words.ts';

/** What a report is made of. */
export interface ReportFacts {
  run: RunView;
  /** What the run is about, in words. */
  subject: string;
  /** Whether anything was learned, and how sure that is; absent without two evaluations to compare. */
  outcome?: string;
  /** Questions to show, with what became of their answers. */
  feed: readonly FeedEntry[];
  /** When the report was made, for people. */
  made: string;
}

/** The curves of a report, each group in one chart; those that the run has not are left out. */
const charts: readonly { heading: string; names: readonly SeriesName[] }[] = [
  { heading: 'Reward', names: ['solver.reward', 'proposer.reward'] },
  { heading: 'How good the answers are', names: ['test_pass_rate', 'answer_accuracy', 'label_accuracy'] },
  { heading: 'Which share of the proposals becomes questions', names: ['valid_share'] },
  { heading: 'Entropy (nats)', names: ['solver.entropy', 'proposer.entropy'] },
  { heading: 'Length of answers (tokens)', names: ['solver.mean_length'] },
];

/**
 * One page about a run, to be kept or sent: HTML with its charts inside, without a script and without anything that is
 * loaded from elsewhere. What the model wrote is text, never markup.
 */
export function reportPage(facts: ReportFacts): string {
  const { run, subject, outcome, made } = facts;
  const title = `Self-questioning: ${run.name}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<style>${style}</style>`,
    `<h1>${escapeMarkup(run.name)}</h1>`,
    `<p class="facts">${escapeMarkup(`${subject}; ${run.model}; ${stepText(english, run)}, ${stateText(english, run)}; begun ${run.createdAt.slice(0, 10)}`)}</p>`,
    `<p class="outcome"><strong>Did it learn?</strong> ${escapeMarkup(outcome ?? 'There is no evaluation before and after to compare.')}</p>`,
    ...section('Held-out problems', evaluationsTable(run.evaluations)),
    ...section('Over the steps', figureOf(run)),
    ...section('Alarms', list(run.alarms.map(({ since, message }) => `Since step ${since}: ${message}`))),
    ...section('Some of the questions', questionsTable(facts.feed)),
    ...section('Settings', settingsTable(run.config)),
    `<footer>Made ${escapeMarkup(made)}. A gain counts where its interval excludes 0.</footer>`,
    '</html>\n',
  ].join('\n');
}

function section(heading: string, body: string): string[] {
  return body === '' ? [] : [`<h2>${heading}</h2>`, body];
}

function evaluationsTable(evaluations: readonly EvaluationView[]): string {
  return table(
    ['problems', 'after step', 'solved', '95 % interval', 'mean score'],
    evaluations.map((made) => [
      benchmarkTitle(made),
      made.step === 0 ? '0 (before)' : String(made.step),
      `${formatPercent(made.accuracy)} of ${made.total}`,
      made.interval.map(formatPercent).join(' to '),
      made.meanScore.toFixed(3),
    ]),
  );
}

function figureOf({ name, series }: RunView): string {
  const panels = charts.flatMap(({ heading, names }): Panel[] => {
    const lines = names
      .filter((each) => series[each].length > 0)
      .map((each) => ({ name: seriesWord(english, each), points: series[each].map(pointOf) }));
    return lines.length === 0 ? [] : [curvePanel(heading, lines)];
  });
  return panels.length === 0 ? '' : figure(`Curves of ${name}`, panels);
}

function pointOf([step, value]: Point): { step: number; mean: number; deviation: number } {
  return { step, mean: value, deviation: 0 };
}

function questionsTable(feed: readonly FeedEntry[]): string {
  return table(
    ['step', 'question', 'answers'],
    feed.map(({ step, title, rejection, answers }) => [
      String(step),
      title,
      rejection === undefined
        ? `${answers.filter(({ mark }) => mark === 'right').length} of ${answers.length} right`
        : `rejected: ${reasonWord(english, rejection)}`,
    ]),
  );
}

function settingsTable(config: RunView['config']): string {
  const rows = config.map(({ name, value, unit, description }) => [name, `${value} ${unit}`.trim(), description]);
  return `<details><summary>${rows.length} settings</summary>\n${table(['setting', 'value', 'meaning'], rows)}\n</details>`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeMarkup(cell)}</${tag}>`).join('')}</tr>`;
  return rows.length === 0
    ? ''
    : ['<table>', row(head, 'th'), ...rows.map((cells) => row(cells, 'td')), '</table>'].join('\n');
}

function list(items: readonly string[]): string {
  return items.length === 0 ? '' : `<ul>${items.map((item) => `<li>${escapeMarkup(item)}</li>`).join('')}</ul>`;
}

const style = [
  ':root{color-scheme:light dark}',
  'body{font:15px/1.5 system-ui,sans-serif;max-width:800px;margin:2rem auto;padding:0 1rem;color:#1f2328;background:#fff}',
  'h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}.facts,footer{color:#57606a}footer{margin-top:2rem;font-size:13px}',
  '.outcome{font-size:1.1rem;padding:.75rem 1rem;border-left:4px solid #0068a8;background:#f6f8fa}',
  'table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .75rem .25rem 0;vertical-align:top;border-bottom:1px solid #d0d7de;overflow-wrap:anywhere}',
  'svg{max-width:100%;height:auto}',
  '@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}.facts,footer{color:#9da7b1}.outcome{background:#161b22;border-color:#5cb6f0}th,td{border-color:#30363d}}',
  '@media print{details{display:none}}',
].join('');
