/** A path or name as a person can paste it into a shell: POSIX shells, or cmd and PowerShell on Windows. */
export function shellWord(text: string, platform: NodeJS.Platform = process.platform): string {
  if (/^[\w@%+=:,./-]+$/.test(text) || (platform === 'win32' && /^[\w@+=:,.\\/-]+$/.test(text))) {
    return text;
  }
  return platform === 'win32' ? `"${text}"` : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
