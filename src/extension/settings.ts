import * as vscode from 'vscode';
import { type SettingName, settingDeclarations } from './contributions.ts';

const section = 'selfQuestioning';

type Declarations = typeof settingDeclarations;
type ValueOf<Name extends SettingName> = Declarations[Name] extends { choices: readonly (infer Choice)[] }
  ? Choice
  : Declarations[Name]['type'] extends 'number'
    ? number
    : Declarations[Name]['type'] extends 'boolean'
      ? boolean
      : Declarations[Name]['type'] extends 'object'
        ? Readonly<Record<string, unknown>>
        : string;

/** The value of a setting; one of the wrong type or outside its choices counts as its default. */
export function setting<Name extends SettingName>(name: Name): ValueOf<Name> {
  const declaration = settingDeclarations[name];
  const value: unknown = vscode.workspace.getConfiguration(section).get(name);
  const choices: readonly string[] | undefined = 'choices' in declaration ? declaration.choices : undefined;
  const fits = typeof value === declaration.type && (choices === undefined || choices.includes(String(value)));
  return (fits ? value : declaration.default) as ValueOf<Name>;
}

/** Sets it for all workspaces of the person. */
export async function setSetting<Name extends SettingName>(name: Name, value: ValueOf<Name>): Promise<void> {
  await vscode.workspace.getConfiguration(section).update(name, value, vscode.ConfigurationTarget.Global);
}

/** Whether somebody has set it, in whichever scope. */
export function isSet(name: SettingName): boolean {
  const found = vscode.workspace.getConfiguration(section).inspect(name);
  return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].some((value) => value !== undefined);
}

/** Every setting that differs from its default, for a report: paths are named but not shown. */
export function changedSettings(): Record<string, unknown> {
  const hidden: readonly string[] = ['model', 'runsFolder', 'nodePath'];
  return Object.fromEntries(
    (Object.keys(settingDeclarations) as SettingName[])
      .filter((name) => JSON.stringify(setting(name)) !== JSON.stringify(settingDeclarations[name].default))
      .map((name) => [name, hidden.includes(name) ? '(set)' : setting(name)]),
  );
}
