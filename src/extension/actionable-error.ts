import { BoundaryError } from '../base/errors.ts';

/** What a person can do about a failure, as a button of its message. */
export interface ErrorAction {
  title: string;
  run: () => unknown;
}

/** A failure whose remedy is a command of the editor. */
export class ActionableError extends BoundaryError {
  readonly action: ErrorAction;

  constructor(boundary: BoundaryError['boundary'], message: string, remedy: string, action: ErrorAction) {
    super(boundary, message, remedy);
    this.action = action;
  }
}
