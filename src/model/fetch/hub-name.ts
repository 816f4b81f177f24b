/** A model of the Hugging Face hub: a repository, or one GGUF file of it. */
export interface HubName {
  /** ORG/NAME */
  repo: string;
  /** Path inside the repository. */
  file?: string;
}

/** `ORG/NAME` or `ORG/NAME/FILE.gguf`; undefined for anything else. */
export function parseHubName(name: string): HubName | undefined {
  const match = /^(\w[\w.-]*\/\w[\w.-]*)(?:\/(.+\.gguf))?$/.exec(name);
  const [, repo = '', file] = match ?? [];
  if (match === null || name.includes('..') || (file === undefined && repo.endsWith('.gguf'))) {
    return undefined;
  }
  return file === undefined ? { repo } : { repo, file };
}
