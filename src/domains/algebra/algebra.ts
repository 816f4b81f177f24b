import { BoundaryError } from '../../base/errors.ts';
import { type AnswerForm, answerStops, extractAnswer, resolveAnswerForm } from '../answer-form.ts';
import { type Domain, isRejection, type Rejection } from '../domain.ts';
import { gradeValue, readForms, type ReadValue, sameValue } from '../forms.ts';
import { type LabelRule, rewardByLabel } from '../majority.ts';
import { rationalText } from '../rational.ts';
import type { SafetyGuard } from '../safety.ts';
import { parseValue } from '../value.ts';
import { AlgebraContent, algebraQuestion, type AlgebraQuestion, readRow, solvedOf, truthOf } from './content.ts';
import { type AlgebraForm, algebraForms, type Task } from './forms.ts';
import { type AlgebraDraft, checkDraft, parseEquationsProposal, parseSelectedProposal } from './guards.ts';
import { systemKey } from './linear.ts';
import {
  equationsProposerPrompt,
  equationsStops,
  selectedProposerPrompt,
  solverPrompt,
  workingStops,
} from './prompts.ts';

/** What a run's settings say about algebra (settings.ts has their meaning). */
export interface AlgebraOptions {
  answerForm: AnswerForm | 'auto';
  label: LabelRule;
  layout: 'equations' | 'selected';
  /** Whether stories are held to the word list. */
  safetyGuard: SafetyGuard;
  /** Id or path of the model, from whose size `auto` follows. */
  model: string;
}

/**
 * Word problems that linear equations in at most two unknowns solve. The solver sees the equations: they say what is
 * asked exactly, where the story of a small model may not, and they are what the forms of a question exchange. Throws
 * BoundaryError('usage') for options under which no question would have the label that is asked for.
 */
export function algebraDomain(options: AlgebraOptions): Domain<AlgebraDraft, AlgebraContent> {
  const form = resolveAnswerForm(options.answerForm, options.model);
  const hasEquations = options.layout === 'equations';
  if (options.label === 'truth' && !hasEquations) {
    throw new BoundaryError(
      'usage',
      'label=truth needs equations to compute the truth from, and layout=selected asks for none.',
      'Set layout=equations, or label=majority.',
    );
  }
  const prompt = (task: Task) => solverPrompt(task, form);
  const formsOf = ({ statement, content, id }: AlgebraQuestion): AlgebraForm[] => {
    const solved = solvedOf({ statement, content, id });
    if (!solved) {
      return [{ restore: sameValue, prompt: prompt({ story: content.story }) }];
    }
    const forms = algebraForms(content, solved, prompt);
    return options.label === 'majority' ? forms.slice(0, 1) : forms;
  };
  return {
    name: 'algebra',
    content: AlgebraContent,
    proposer: {
      prompt: (variant) => (hasEquations ? equationsProposerPrompt(variant) : selectedProposerPrompt()),
      stop: hasEquations ? equationsStops : [],
      parse: hasEquations ? parseEquationsProposal : parseSelectedProposal,
      verify: (drafts) => Promise.resolve(drafts.map(({ id, draft }) => verify(id, draft, options))),
      fingerprint: fingerprintOf,
    },
    solver: {
      prompts: (question) => formsOf(question).map((each) => each.prompt),
      stop: answerStops(form, workingStops),
    },
    reward(question, answers) {
      const forms = formsOf(question);
      const truth = truthOf(question);
      const read = (answer: string, index: number) => readAnswer(answer, form, forms[index]?.unknown);
      return Promise.resolve(
        rewardByLabel(readForms(forms, answers, read), { rule: options.label, truth: truth && rationalText(truth) }),
      );
    },
    grade(question, answer) {
      const truth = truthOf(question);
      const unknown = question.content.system?.unknown;
      return Promise.resolve(truth && gradeValue(readAnswer(answer, form, unknown), truth));
    },
    read: readRow,
    rowExample: '{"question": "Ann has 3 bags of 24 pens. How many pens?", "answer": "72"}',
  };
}

function verify(
  id: string,
  draft: AlgebraDraft,
  { label, safetyGuard }: Pick<AlgebraOptions, 'label' | 'safetyGuard'>,
): AlgebraQuestion | Rejection {
  const checked = checkDraft(draft, safetyGuard);
  if (isRejection(checked)) {
    return checked;
  }
  return label === 'agreement' && !checked.solved
    ? { reason: 'malformed', detail: 'It has no equations, and so no second form for answers to agree in.' }
    : algebraQuestion(id, draft.story, checked.solved);
}

/** Stories that are alike, and equations that say the same, are one question. */
function fingerprintOf(question: AlgebraQuestion): { key?: string; text: string } {
  const solved = solvedOf(question);
  const text = question.content.story || question.statement;
  return solved ? { key: systemKey(solved.system, solved.unknown), text } : { text };
}

/** What an answer says: the value that it gives to the unknown by name (`x = 3, y = 4`), or its last one. */
function readAnswer(answer: string, form: AnswerForm, unknown?: string): ReadValue {
  const text = extractAnswer(answer, form, unknown) ?? '';
  return { text, value: parseValue(text) };
}
