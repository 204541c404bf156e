import { checkOptions, oneOf, refuse, show, UpsampleError } from './check.ts';
import { Context, type LimitOptions } from './context.ts';

export interface ContextOptions {
  /** Where adapters come from; `navigator.gpu` by default. In Node: `create([])` of npm `webgpu`. */
  gpu?: GPU | undefined;
  powerPreference?: GPUPowerPreference | undefined;
  /** f16 tensors: `'auto'` (default) where the adapter has `shader-f16`, `true` to insist, `false` to do without. */
  f16?: 'auto' | boolean | undefined;
  /** Lower limits than the device has, for tests: WebGPU's names, bytes and counts. */
  limits?: LimitOptions | undefined;
}

const GRANTED = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxTextureDimension2D',
] as const;

const HINTS = {
  'insecure-context': 'WebGPU needs a secure context: serve the page over https or from localhost',
  'no-navigator-gpu': 'this environment has no navigator.gpu; use a browser with WebGPU, or in Node pass { gpu: create([]) } of npm webgpu',
  'no-adapter': 'no GPU adapter was granted; on Linux Chrome may need --enable-unsafe-webgpu and a Vulkan driver',
};
const noAdapter = (reason: keyof typeof HINTS) => new UpsampleError('no-adapter', 'createContext', HINTS[reason], reason);

/** Opens a GPU device of its own.
 * @returns a context that asks for no more than the adapter grants and works at WebGPU's default limits
 * @throws UpsampleError `no-adapter` with a `reason`; `invalid-argument` when `f16: true` cannot be had */
export async function createContext(options: ContextOptions = {}): Promise<Context> {
  const op = 'createContext';
  checkOptions(op, options, ['gpu', 'powerPreference', 'f16', 'limits']);
  const { gpu = globalThis.navigator?.gpu, powerPreference, f16 = 'auto' } = options;
  if (f16 !== 'auto' && typeof f16 !== 'boolean') refuse(op, `f16 is ${show(f16)}`, "expected 'auto', true or false");
  if (powerPreference !== undefined) oneOf(op, 'powerPreference', powerPreference, ['low-power', 'high-performance'], 'low-power');
  const limits = checkLimits(op, options.limits);
  if (!gpu) throw noAdapter(globalThis.isSecureContext === false ? 'insecure-context' : 'no-navigator-gpu');
  if (typeof gpu.requestAdapter !== 'function') refuse(op, `gpu is ${show(gpu)}`, 'expected navigator.gpu, or create([]) of npm webgpu');
  const adapter = await gpu.requestAdapter(powerPreference ? { powerPreference } : {}).catch(() => null);
  if (!adapter) throw noAdapter('no-adapter');
  if (f16 === true && !adapter.features.has('shader-f16')) refuse(op, 'f16 is true but the adapter lacks shader-f16', "use f16: 'auto'");
  const wanted: GPUFeatureName[] = [...(f16 ? ['shader-f16' as const] : []), 'subgroups', 'timestamp-query'];
  const device = await adapter
    .requestDevice({
      requiredFeatures: wanted.filter((f) => adapter.features.has(f)),
      requiredLimits: Object.fromEntries(GRANTED.map((name) => [name, adapter.limits[name]])),
    })
    .catch((error: Error) => {
      throw new UpsampleError('no-adapter', op, `the adapter gives no device: ${error.message}`, 'no-adapter');
    });
  return new Context(device, true, gpu, limits);
}

const LIMITS = ['maxStorageBufferBindingSize', 'maxBufferSize', 'maxComputeWorkgroupsPerDimension'] as const;
/** Kernels take windows, and a window has a begin and an end that WebGPU aligns. */
const LEAST = 1024;

function checkLimits(op: string, limits: LimitOptions = {}): LimitOptions {
  checkOptions(op, limits, LIMITS);
  for (const name of LIMITS) {
    const least = name === 'maxComputeWorkgroupsPerDimension' ? 1 : LEAST;
    const value = limits[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= least))
      refuse(op, `limits.${name} is ${show(value)}`, `expected a whole number, at least ${least}`);
  }
  return limits;
}

/** Uses a device that somebody else opened, and never destroys it. With the feature `shader-f16` it has f16 tensors; with `subgroups` a software adapter
 * computes products and convolutions in half the time or less.
 * In Node keep what `create([])` of npm webgpu returned as long as the device lives: without it the process dies when it is collected.
 * @param device which limits and features it has is known to the context
 * @param options `limits` lower than those of the device
 * @throws UpsampleError `invalid-argument` */
export function fromDevice(device: GPUDevice, options: Pick<ContextOptions, 'limits'> = {}): Context {
  const op = 'fromDevice';
  checkOptions(op, options, ['limits']);
  if (typeof device?.createComputePipeline !== 'function') refuse(op, `device is ${show(device)}`, 'expected a GPUDevice');
  return new Context(device, false, undefined, checkLimits(op, options.limits));
}

/** Whether `createContext` would find an adapter.
 * @param gpu `navigator.gpu` */
export async function isSupported(gpu: GPU | undefined = globalThis.navigator?.gpu): Promise<boolean> {
  return !!(await gpu?.requestAdapter?.().catch(() => null));
}
