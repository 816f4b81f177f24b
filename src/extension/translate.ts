import * as vscode from 'vscode';
import type { Translate } from '../view/translate.ts';

/** Texts of the views in the editor's language. */
export const t: Translate = (text, ...values) => vscode.l10n.t(text, ...values.map(String));
