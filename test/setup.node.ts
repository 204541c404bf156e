import { existsSync } from 'node:fs';
import { create, globals } from 'webgpu';
import { SWIFTSHADER } from './machine.mjs';

// Mesa's llvmpipe spends seconds on optimising a kernel that tests run for milliseconds; like the driver below, set before Vulkan is loaded.
process.env['GALLIVM_PERF'] ??= 'nopt';

// Dawn stops when the object create() returns is collected (every promise then hangs): keep it on globalThis.
const kept = globalThis as typeof globalThis & { dawn?: GPU[] };
if (!kept.dawn) {
  kept.dawn = [create([])];
  if (!(await kept.dawn[0]!.requestAdapter()) && existsSync(SWIFTSHADER)) {
    process.env['VK_DRIVER_FILES'] = SWIFTSHADER; // reaches Vulkan in a forked process, not in a worker thread
    kept.dawn.push(create([]));
  }
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: kept.dawn.at(-1) }, configurable: true });
}
