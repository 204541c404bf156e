import { type Context, createContext, UpsampleError } from '../src/index.ts';

/** The page's one context, or why there is none. */
export type Gpu = { ctx: Context; error?: never } | { ctx?: never; error: UpsampleError };

let opened: Promise<Gpu> | undefined;

/** Opens it once for all panels. */
export const openGpu = (): Promise<Gpu> =>
  (opened ??= createContext().then(
    (ctx) => ({ ctx }),
    (error: unknown) => ({ error: error instanceof UpsampleError ? error : new UpsampleError('no-adapter', 'createContext', String(error), 'no-adapter') }),
  ));

const WHY: Readonly<Record<string, string>> = {
  'no-navigator-gpu': 'This browser has no WebGPU; Chrome, Edge, Safari 26 and Firefox on Windows and macOS have it.',
  'insecure-context': 'WebGPU needs a secure page: https, or localhost.',
  'no-adapter': 'WebGPU is here, but no graphics adapter was granted. Chrome on Linux may need --enable-unsafe-webgpu and a Vulkan driver.',
  'device-lost': 'The graphics device was lost.',
};

/** Why there is no GPU, in a sentence. */
export const whyNoGpu = (reason: string): string => WHY[reason] ?? 'WebGPU could not be started.';

/** What the adapter calls itself. */
export function adapterName({ device }: Context): string {
  const { vendor, architecture, description } = device.adapterInfo;
  return description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
}
