import * as vscode from 'vscode';

/** Where a step leads: on, one step back, or out. */
type Move = 'next' | 'back' | 'cancel';

/** A choice of a quick pick with its value. */
export interface Choice<T> extends vscode.QuickPickItem {
  value: T;
}

/** One question of a wizard; writes its answer into `answers`. */
export type WizardStep<Answers> = (answers: Answers, place: { step: number; totalSteps: number }) => Promise<Move>;

/** Asks the questions in order, with Back. False when the person left. */
export async function runWizard<Answers>(answers: Answers, steps: readonly WizardStep<Answers>[]): Promise<boolean> {
  let index = 0;
  while (index < steps.length) {
    const move = await steps[index]!(answers, { step: index + 1, totalSteps: steps.length });
    if (move === 'cancel') {
      return false;
    }
    index += move === 'next' ? 1 : -1;
  }
  return true;
}

/** A choice from a list; `active` is chosen beforehand. */
export function askChoice<T>(
  place: { step: number; totalSteps: number },
  options: { title: string; placeholder: string; items: readonly Choice<T>[]; active: (value: T) => boolean },
  take: (value: T) => Promise<boolean> | boolean,
): Promise<Move> {
  const pick = vscode.window.createQuickPick<Choice<T>>();
  Object.assign(pick, place);
  pick.title = options.title;
  pick.placeholder = options.placeholder;
  pick.items = options.items;
  pick.activeItems = options.items.filter(({ value }) => options.active(value)).slice(0, 1);
  pick.matchOnDescription = true;
  return ask(pick, place, async () => {
    const [item] = pick.selectedItems;
    return item !== undefined && (await take(item.value));
  });
}

/** A line of text with a default. */
export function askText(
  place: { step: number; totalSteps: number },
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
