/** Resolves in a task of its own: what the visitor did meanwhile comes first. */
export const nextTask = (): Promise<void> => new Promise((done) => setTimeout(done));
