// The extension's page: docs/extension.md, as the editor and the marketplace show it.

/**
 * The page from its Markdown. `repository` (https) is where the sources lie: pictures and links into the repository become
 * absolute ones there. Without it there are none: a marketplace shows no file of a package.
 */
export function extensionPage(markdown, repository) {
  if (repository === undefined) {
    return markdown
      .replaceAll(/^!\[[^\]]*\]\((?!https:)[^)]*\)\n\n?/gm, '')
      .replaceAll(/\[([^\]]*)\]\((?!https:|#)[^)]*\)/g, '$1');
  }
  const base = repository.replace(/\.git$|\/$/, '');
  const fromRoot = (path) => (path.startsWith('../') ? path.slice(3) : `docs/${path}`);
  return markdown
    .replaceAll(
      /!\[([^\]]*)\]\((?!https:)([^)]*)\)/g,
      (_, words, path) => `![${words}](${base}/raw/HEAD/${fromRoot(path)})`,
    )
    .replaceAll(
      /(?<!!)\[([^\]]*)\]\((?!https:|#)([^)]*)\)/g,
      (_, words, path) => `[${words}](${base}/blob/HEAD/${fromRoot(path)})`,
    );
}

/** Where a page says that sources, issues and more are; nothing without a repository. Throws for what is no https address. */
export function repositoryFields(repository) {
  if (repository === undefined) {
    return {};
  }
  if (!/^https:\/\/[\w.-]+\/[\w./-]+$/.test(repository)) {
    throw new Error(`SELFQ_REPOSITORY="${repository}" is not the https address of a repository.`);
  }
  const base = repository.replace(/\.git$|\/$/, '');
  return {
    repository: { type: 'git', url: `${base}.git` },
    bugs: { url: `${base}/issues` },
    homepage: `${base}#readme`,
  };
}
