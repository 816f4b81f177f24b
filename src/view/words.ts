import type { Stage } from '../protocol/stages.ts';
import type { ImportReason } from '../protocol/imports.ts';
import type { Verdict } from '../protocol/problem.ts';
import type { Mark, RejectionReason, UnsafeCategory } from '../protocol/question.ts';
import type { ShownState } from '../protocol/run-state.ts';
import type { SeriesName } from './messages.ts';
import type { Outcome } from './problem-index.ts';
import type { Translate } from './translate.ts';

/** Words for the codes of records and events, each in one place for the editor, its pages and the command line. */

export function stageWord(t: Translate, stage: Stage | (string & {})): string {
  const words: Record<Stage, string> = {
    search: t('reading your code'),
    load: t('loading the model'),
    evaluate: t('evaluating'),
    propose: t('proposing'),
    verify: t('verifying'),
    solve: t('solving'),
    judge: t('judging'),
    update: t('training'),
    record: t('recording'),
  };
  return lookUp(words, stage) ?? stage;
}

/** A state in the reader's language; of a run `stateText` (progress.ts) also says what it waits for. */
export function stateWord(t: Translate, state: ShownState): string {
  const words: Record<ShownState, string> = {
    starting: t('starting'),
    running: t('running'),
    paused: t('paused'),
    stopping: t('stopping'),
    interrupted: t('interrupted'),
    stopped: t('stopped'),
    finished: t('finished'),
    failed: t('failed'),
  };
  return words[state];
}

/** Why a row was left out of an import. */
export function importReasonWord(t: Translate, reason: ImportReason): string {
  const words: Record<ImportReason, string> = {
    not_json: t('not JSON'),
    too_long: t('longer than 32 MB'),
    missing_fields: t('a needed column is empty or of another type'),
    tests_not_json: t('its tests are not JSON'),
    no_tests: t('no tests'),
    tests_broken: t('its test code does not compile'),
    unpaired_tests: t('not as many outputs as inputs'),
    test_shape: t('tests of another shape'),
    invalid_name: t('no usable name of a function'),
    other_language: t('another programming language'),
    mathematics: t('a question of mathematics'),
    not_mathematics: t('not a question of mathematics'),
    no_numeric_answer: t('the answer is not a number'),
    several_outputs: t('several right outputs and no checker'),
    foreign_checker: t('a checker that is not JavaScript'),
    reads_files: t('it reads or writes files'),
    invalid_question: t('not a valid question'),
    duplicate: t('its id is there already'),
    unknown_format: t('a file of no known format'),
  };
  return words[reason];
}

/**
 * Why a proposal was rejected; `unsafe.weapons`: with the kind of the reason. Older runs know other reasons: those are
 * shown as they are, with spaces.
 */
export function reasonWord(t: Translate, reason: string): string {
  const [kind, category] = reason.split('.');
  if (kind === 'unsafe' && category !== undefined) {
    return t('unsafe: {0}', categoryWord(t, category));
  }
  const words: Record<RejectionReason, string> = {
    malformed: t('malformed'),
    too_short: t('too short'),
    statement_too_long: t('statement too long'),
    reference_too_long: t('reference too long'),
    prompt_too_long: t('prompt too long'),
    not_english: t('not English'),
    off_topic: t('off topic'),
    unsafe: t('unsafe'),
    copied_from_prompt: t('copied from the prompt'),
    contains_solution: t('contains the solution'),
    held_out: t('kept for evaluation'),
    near_duplicate: t('near-duplicate'),
    same_behaviour: t('same behaviour as an earlier one'),
    few_tests: t('too few tests'),
    tests_all_same_output: t('all outputs equal'),
    tests_all_shown: t('all tests shown'),
    contradicting_tests: t('contradicting tests'),
    example_contradicts_reference: t('example contradicts reference'),
    reference_fails: t('reference fails'),
    output_not_data: t('output is not plain data'),
    not_deterministic: t('not deterministic'),
    numbers_too_large: t('numbers too large'),
    division_by_zero: t('division by zero'),
    other_digits: t('other digits than asked for'),
    unbalanced_brackets: t('unbalanced brackets'),
    trivial: t('trivial'),
    no_unique_solution: t('no unique solution'),
    sandbox_fault: t('fault of the sandbox'),
    domain_fault: t('fault of the domain'),
  };
  const code = reason
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
  return lookUp(words, code) ?? code.replaceAll('_', ' ');
}

function categoryWord(t: Translate, category: string): string {
  const words: Record<UnsafeCategory, string> = {
    malware: t('malware'),
    credentials: t('stolen credentials'),
    weapons: t('weapons'),
    drugs: t('drugs'),
    self_harm: t('self-harm'),
    violence: t('violence'),
    hate: t('hate'),
    sexual: t('sexual'),
    fraud: t('fraud'),
    code: t('code of the reference'),
    judge: t('called so by the base model'),
  };
  return lookUp(words, category) ?? category;
}

/** What became of a question, by how many of its answers are right. */
export function outcomeWord(t: Translate, outcome: Outcome): string {
  const words: Record<Outcome, string> = {
    some: t('Some answers right'),
    all: t('Every answer right'),
    none: t('No answer right'),
    unjudged: t('Not judged'),
    rejected: t('Rejected'),
  };
  return words[outcome];
}

/** The sandbox's verdict on an answer or a test; undefined: it was not run. */
export function verdictWord(t: Translate, verdict: Verdict | undefined): string {
  const words: Record<Verdict, string> = {
    AC: t('accepted'),
    WA: t('wrong answer'),
    RE: t('runtime error'),
    CE: t('does not compile'),
    TLE: t('time limit'),
    MLE: t('memory limit'),
    OLE: t('output too large'),
    BAD: t('result is not plain data'),
    IE: t('fault of the judge, not counted'),
  };
  return verdict === undefined ? t('not judged') : words[verdict];
}

/** An answer's mark. `elected`: right means that it agrees with the label that the answers elected. */
export function markWord(t: Translate, mark: Mark, elected: boolean): string {
  const words: Record<Mark, string> = {
    right: elected ? t('agrees with the label') : t('right'),
    partial: t('partly right'),
    wrong: elected ? t('not the label') : t('wrong'),
    unparsable: t('no answer found'),
    masked: t('not judged'),
  };
  return words[mark];
}

/** Name of a domain as a title; a user's own domain is called by its name. */
export function domainWord(t: Translate, domain: string): string {
  const words: Record<string, string> = {
    coding: t('Coding'),
    arithmetic: t('Arithmetic'),
    algebra: t('Algebra'),
    workspace: t('Your own code'),
  };
  return lookUp(words, domain) ?? domain.charAt(0).toUpperCase() + domain.slice(1);
}

/** What is asked in a domain and how answers are judged; undefined for a domain that is not ours. */
export function domainDescription(t: Translate, domain: string): string | undefined {
  const words: Record<string, string> = {
    coding: t('JavaScript problems with tests, run in sandboxes'),
    arithmetic: t('Arithmetic without tests: the answers elect a label'),
    algebra: t('Equations without tests: the answers elect a label'),
    workspace: t('Problems made from the functions of a folder, with tests; nothing leaves this machine'),
  };
  return lookUp(words, domain);
}

/** Name of a curve. Those of one role are called by the role, as their charts say what is measured. */
export function seriesWord(t: Translate, series: SeriesName): string {
  if (series.startsWith('solver.') || series.startsWith('proposer.')) {
    return series.startsWith('solver.') ? t('solver') : t('proposer');
  }
  const words: Partial<Record<SeriesName, string>> = {
    test_pass_rate: t('tests passed'),
    solved_rate: t('answers right'),
    label_accuracy: t('labels true'),
    answer_accuracy: t('answers true'),
    majority_ratio: t('majority ratio'),
    form_agreement: t('form agreement'),
    labelled_rate: t('questions with a label'),
    valid_share: t('proposals accepted'),
    diversity: t('distance of words'),
    sound: t('sound'),
    novelty_words: t('new in words'),
    novelty_behaviour: t('new in behaviour'),
    distinct_ngrams: t('distinct 3-grams'),
    hidden_spread: t('spread of hidden states'),
    difficulty: t('difficulty'),
    short_references: t('short references'),
    reference_lines: t('lines of a reference'),
    unsafe: t('unsafe'),
  };
  return words[series] ?? series;
}

function lookUp(words: Readonly<Record<string, string>>, code: string): string | undefined {
  return Object.hasOwn(words, code) ? words[code] : undefined;
}
