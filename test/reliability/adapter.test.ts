import { expect, test } from 'vitest';
import { createContext, fromDevice, isSupported, type UpsampleError } from '../../src/index.ts';
import * as reference from '../../src/reference.ts';
import { thrown } from '../gpu.ts';
import { CALLS, hash, operand } from './calls.ts';

test('no adapter, none of WebGPU at all: no-adapter with a reason', async () => {
  const none = { requestAdapter: async () => null } as unknown as GPU;
  const error = (await thrown(() => createContext({ gpu: none }))) as UpsampleError;
  expect([error.code, error.reason]).toEqual(['no-adapter', 'no-adapter']);
  expect(await isSupported(none)).toBe(false);
  const real = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  try {
    const missing = (await thrown(() => createContext())) as UpsampleError;
    expect([missing.code, missing.reason]).toEqual(['no-adapter', 'no-navigator-gpu']);
    expect(await isSupported()).toBe(false);
    expect(Array.from(reference.interpolate({ data: [1, 2], shape: [1, 1, 2] }, { size: 4 }).data)).toEqual([1, 1, 2, 2]);
  } finally {
    if (real) Object.defineProperty(globalThis, 'navigator', real);
    else delete (globalThis as { navigator?: unknown }).navigator;
  }
  expect(await isSupported()).toBe(true);
});

test('options that cannot be had are refused', async () => {
  expect((await thrown(() => createContext({ colour: 1 } as never))).message).toBe(
    'createContext: unknown option "colour"; options are gpu, powerPreference, f16, limits',
  );
  for (const [options, message] of [
    [{ f16: 'yes' }, 'f16 is "yes"; expected \'auto\', true or false'],
    [{ powerPreference: 'fast' }, 'powerPreference is "fast"; expected one of low-power, high-performance'],
    [{ gpu: () => {} }, 'gpu is () => {}; expected navigator.gpu, or create([]) of npm webgpu'],
    [{ limits: { maxBuffer: 3 } }, 'unknown option "maxBuffer"; options are maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupsPerDimension'],
    [{ limits: { maxBufferSize: -1 } }, 'limits.maxBufferSize is -1; expected a whole number, at least 1024'],
    [{ limits: { maxComputeWorkgroupsPerDimension: 0 } }, 'limits.maxComputeWorkgroupsPerDimension is 0; expected a whole number, at least 1'],
  ] as const)
    expect((await thrown(() => createContext(options as never))).message).toBe(`createContext: ${message}`);
  const adapter = (await navigator.gpu.requestAdapter())!;
  if (!adapter.features.has('shader-f16'))
    expect((await thrown(() => createContext({ f16: true }))).message).toBe("createContext: f16 is true but the adapter lacks shader-f16; use f16: 'auto'");
  else (await createContext({ f16: true })).destroy();
});

test('software adapters are recognised', async () => {
  const ctx = await createContext();
  const { architecture } = ctx.device.adapterInfo;
  expect(ctx.isSoftware, architecture).toBe(/swiftshader|software/.test(architecture));
  ctx.destroy();
});

test('every call gives the same f32 bits at default limits with no feature, with timestamps and with f16', async () => {
  const results: string[][] = [];
  for (const feature of [undefined, 'timestamp-query', 'shader-f16', 'subgroups'] as const) {
    const adapter = (await navigator.gpu.requestAdapter())!;
    if (feature && !adapter.features.has(feature as GPUFeatureName)) continue;
    const device = await adapter.requestDevice(feature ? { requiredFeatures: [feature as GPUFeatureName] } : {});
    const ctx = fromDevice(device);
    expect(device.limits).toMatchObject({ maxStorageBufferBindingSize: 2 ** 27, maxComputeInvocationsPerWorkgroup: 256 });
    const bits: string[] = [];
    for (const call of CALLS) {
      using x = operand(ctx, call);
      using y = call.run(x);
      bits.push(hash(await y.data()));
    }
    results.push(bits);
    ctx.destroy();
    expect(await Promise.race([device.lost, Promise.resolve('alive')])).toBe('alive'); // a borrowed device survives
    device.destroy();
  }
  expect(results.length).toBeGreaterThanOrEqual(2);
  for (const bits of results) expect(bits).toEqual(results[0]);
});
