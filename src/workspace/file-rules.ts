import type { SkippedFileReason } from '../protocol/seed.ts';

/** Largest file that is read, bytes. */
export const maximumFileBytes = 256 * 1024;

const secretName =
  /(?:^|\/)(?:\.env[^/]*|\.npmrc|\.netrc|\.pypirc|id_(?:rsa|dsa|ecdsa|ed25519)[^/]*|[^/]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx|asc)|(?:[^/]*[-_.])?(?:secrets?|credentials?|passwords?|private[-_]?keys?)\.[^/]+)$/i;
const generatedName =
  /(?:\.min|\.bundle|\.generated|\.gen|[-.]pb|_pb)\.[cm]?[jt]sx?$|(?:^|\/)(?:generated|__generated__)\//i;
const declarationName = /\.d\.(?:[^/]+\.)?[cm]?ts$/i;
const sourceName = /\.[cm]?[jt]sx?$/i;

/** Why a file is not read, by its name alone; undefined for one that may be. */
export function skippedByName(path: string): SkippedFileReason | undefined {
  if (secretName.test(path)) {
    return 'secret';
  }
  if (!sourceName.test(path)) {
    return 'other_language';
  }
  if (declarationName.test(path)) {
    return 'declarations';
  }
  return generatedName.test(path) ? 'generated' : undefined;
}

/** Longest line that a person writes, characters, and how long lines are on average at most. */
const longestLine = 1000;
const longestAverage = 200;

/** Why a file does not count by what is in it; undefined for one that does. */
export function skippedByText(text: string): SkippedFileReason | undefined {
  const head = text.slice(0, 2000);
  if (/@generated\b|\bDO NOT EDIT\b|\b(?:auto-?generated|automatically generated)\b/i.test(head)) {
    return 'generated';
  }
  const lines = text.split('\n');
  const isPacked = text.length / lines.length > longestAverage || lines.some(({ length }) => length > longestLine);
  return isPacked || text.includes('\0') ? 'generated' : undefined;
}

/** Keys and tokens by their form, and long names of secrets that get a text. */
const secretText =
  /-----BEGIN |\bAKIA[0-9A-Z]{16}\b|\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_]\w{10,}|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bxox[abprs]-\w{8,}|\bAIza[\w-]{30,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.|(?:password|passwd|secret|api_?key|token)['"]?\s*[:=]\s*['"][^'"\s]{8,}['"]/i;

/** Whether a text holds what looks like a password or key. */
export function holdsSecret(text: string): boolean {
  return secretText.test(text);
}
