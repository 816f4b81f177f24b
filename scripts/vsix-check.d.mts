export function required(target: string): string[];
export interface VsixContents {
  names: string[];
  megabytes: number;
  texts: Record<string, string>;
}
export function contentsOf(file: string): Promise<VsixContents>;
export function problemsOf(
  target: string,
  contents: VsixContents,
  packages: readonly { name: string; version: string }[],
): string[];
export function newestVersion(path: string): string | undefined;
