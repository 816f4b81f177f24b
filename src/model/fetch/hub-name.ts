/** A model of the Hugging Face hub: a repository, or one GGUF file of it. */
export interface HubName {
  /** ORG/NAME */
  repo: string;
  /** Path inside the repository. */
  file?: string;
}

/** The name as {@link parseHubName} reads it. */
export function hubNameText({ repo, file }: HubName): string {
  return file === undefined ? repo : `${repo}/${file}`;
}

/**
 * `ORG/NAME` or `ORG/NAME/FILE.gguf`, or the address of its page on a hub as it is copied from a browser; undefined for
 * anything else.
 */
export function parseHubName(name: string): HubName | undefined {
  const page = /^https?:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\//.exec(name)?.[0];
  const path = page === undefined ? name : withoutPageParts(name.slice(page.length));
  const match = /^(\w[\w.-]*\/\w[\w.-]*)(?:\/(.+\.gguf))?$/.exec(path);
  const [, repo = '', file] = match ?? [];
  if (match === null || name.includes('..') || (file === undefined && repo.endsWith('.gguf'))) {
    return undefined;
  }
  return file === undefined ? { repo } : { repo, file };
}

/** A page of a file says of which revision it is; queries and a slash at the end mean nothing. */
function withoutPageParts(path: string): string {
  const [named = ''] = path.split(/[?#]/, 1);
  return named.replace(/\/$/, '').replace(/\/(?:blob|resolve|tree)\/main(?=\/|$)/, '');
}
