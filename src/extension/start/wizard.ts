import * as vscode from 'vscode';

/** Where a step leads: on, one step back, or out. */
type Move = 'next' | 'back' | 'cancel';

/** A choice of a quick pick with its value; a separator has none. */
export interface Choice<T> extends vscode.QuickPickItem {
  value: T;
}

/** Where a question stands among those that are asked. */
interface Place {
  step: number;
  totalSteps: number;
}

/** One question of a wizard; writes its answer into `answers`. */
export interface WizardStep<Answers> {
  (answers: Answers, place: Place): Promise<Move>;
  /** Whether it is asked, by the answers so far; absent: always. */
  applies?(answers: Answers): boolean;
}

/** A question that is asked for some answers alone. */
export function onlyWhen<Answers>(
  applies: (answers: Answers) => boolean,
  ask: (answers: Answers, place: Place) => Promise<Move>,
): WizardStep<Answers> {
  return Object.assign(ask, { applies });
}

/** Asks the questions in order, with Back. False when the person left. */
export async function runWizard<Answers>(answers: Answers, steps: readonly WizardStep<Answers>[]): Promise<boolean> {
  let asked = 0;
  for (;;) {
    // An answer decides which questions follow, never which came before.
    const applying = steps.filter((step) => step.applies?.(answers) ?? true);
    const step = applying[asked];
    if (!step) {
      return true;
    }
    const move = await step(answers, { step: asked + 1, totalSteps: applying.length });
    if (move === 'cancel') {
      return false;
    }
    asked += move === 'next' ? 1 : -1;
  }
}

/** A choice from a list; `active` is chosen beforehand. The list stays where `take` is false. */
export function askChoice<T>(
  place: Place,
  options: { title: string; placeholder: string; items: () => readonly Choice<T>[]; active: (value: T) => boolean },
  take: (value: T) => Promise<boolean> | boolean,
): Promise<Move> {
  const pick = vscode.window.createQuickPick<Choice<T>>();
  Object.assign(pick, place);
  pick.title = options.title;
  pick.placeholder = options.placeholder;
  const fill = (): void => {
    pick.items = options.items();
    pick.activeItems = pick.items.filter(({ value }) => options.active(value)).slice(0, 1);
  };
  fill();
  pick.matchOnDescription = true;
  return ask(pick, place, async () => {
    const [item] = pick.selectedItems;
    const isAnswered = item !== undefined && (await take(item.value));
    if (!isAnswered) {
      // What was answered beside it may show in the choices.
      fill();
    }
    return isAnswered;
  });
}

/** Any number of choices from a list, at least one; `isTicked` are chosen beforehand. */
export function askSeveral<T extends object>(
  place: Place,
  options: {
    title: string;
    placeholder: string;
    items: readonly Choice<T | undefined>[];
    isTicked: (value: T) => boolean;
  },
  take: (values: readonly T[]) => void,
): Promise<Move> {
  const pick = vscode.window.createQuickPick<Choice<T | undefined>>();
  Object.assign(pick, place);
  pick.title = options.title;
  pick.placeholder = options.placeholder;
  pick.canSelectMany = true;
  pick.items = options.items;
  pick.selectedItems = options.items.filter(({ value }) => value !== undefined && options.isTicked(value));
  pick.matchOnDescription = true;
  return ask(pick, place, () => {
    const values = pick.selectedItems.flatMap(({ value }) => value ?? []);
    if (values.length > 0) {
      take(values);
    }
    return Promise.resolve(values.length > 0);
  });
}

/** A line of text with a default. */
export function askText(
  place: Place,
  options: { title: string; prompt: string; placeholder: string; value: string },
  take: (value: string) => void,
): Promise<Move> {
  const input = vscode.window.createInputBox();
  Object.assign(input, place);
  input.title = options.title;
  input.prompt = options.prompt;
  input.placeholder = options.placeholder;
  input.value = options.value;
  return ask(input, place, async () => {
    take(input.value.trim());
    return true;
  });
}

/** Shows an input until it is accepted, left by Back, or closed. `accept` answers whether to continue. */
function ask(
  input: vscode.QuickPick<vscode.QuickPickItem> | vscode.InputBox,
  { step }: { step: number },
  accept: () => Promise<boolean>,
): Promise<Move> {
  input.ignoreFocusOut = true;
  input.buttons = step > 1 ? [vscode.QuickInputButtons.Back] : [];
  return new Promise<Move>((resolve) => {
    let accepting = false;
    const end = (move: Move): void => {
      resolve(move);
      input.dispose();
    };
    const onAccept = async (): Promise<void> => {
      accepting = true;
      const goOn = await accept().finally(() => (accepting = false));
      if (goOn) {
        end('next');
      } else {
        input.show();
      }
    };
    input.onDidAccept(() => void onAccept());
    // A file dialog hides the input while it is being accepted.
    input.onDidHide(() => accepting || end('cancel'));
    input.onDidTriggerButton(() => end('back'));
    input.show();
  });
}
