import { type Context, createContext } from '../src/index.ts';

let shared: Promise<Context> | undefined;

/** The context under test. No adapter is a failure, never a skip. */
export const context = (): Promise<Context> => (shared ??= createContext().then(watched));

/** What no test may leave behind: uncaptured GPU errors. */
export const uncaptured: string[] = [];

/** Adds a context's device to the gate. */
export function watched(ctx: Context): Context {
  ctx.device.addEventListener('uncapturederror', (event) => {
    uncaptured.push((event as GPUUncapturedErrorEvent).error.message);
  });
  return ctx;
}
