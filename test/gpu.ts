import { type Context, createContext } from '../src/index.ts';

let shared: Promise<Context> | undefined;

/** The context under test. No adapter is a failure, never a skip. */
export const context = (): Promise<Context> => (shared ??= createContext());

/** Uncaptured errors of every device that a test opened: test/setup.ts fills it and fails the test. */
export const uncaptured: string[] = [];

/** Counts the GPU objects that a function makes. */
export async function objectsMade(device: GPUDevice, body: () => unknown): Promise<number> {
  const names = [
    'createBuffer',
    'createBindGroup',
    'createComputePipeline',
    'createComputePipelineAsync',
    'createShaderModule',
    'createCommandEncoder',
  ] as const;
  let made = 0;
  const real = names.map((name) => device[name]);
  for (const [i, name] of names.entries())
    device[name] = ((...args: unknown[]) => {
      made++;
      return (real[i] as (...a: unknown[]) => unknown).apply(device, args);
    }) as never;
  try {
    await body();
  } finally {
    for (const name of names) delete (device as Partial<GPUDevice>)[name];
  }
  return made;
}

/** What a function throws, or its promise rejects with. */
export async function thrown(body: () => unknown): Promise<Error> {
  try {
    await body();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

/** Buffers that a device has from now on and that nobody has destroyed. `end` takes no further ones. */
export function liveBuffers(device: GPUDevice): { live: ReadonlySet<GPUBuffer>; end(): void } {
  const { createBuffer } = device;
  const live = new Set<GPUBuffer>();
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer.call(device, descriptor);
    const { destroy } = buffer;
    buffer.destroy = () => {
      live.delete(buffer);
      return destroy.call(buffer);
    };
    live.add(buffer);
    return buffer;
  };
  return {
    live,
    end: () => {
      delete (device as Partial<GPUDevice>).createBuffer;
    },
  };
}
