export function extensionPage(markdown: string, repository: string | undefined): string;
export function repositoryFields(repository: string | undefined): Record<string, unknown>;
