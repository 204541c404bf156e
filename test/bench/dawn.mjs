// WebGPU in Node for the bench: Dawn, with the features that a run asks for.
import { availableParallelism } from 'node:os';
import { create, globals } from 'webgpu';

/** Sets `navigator.gpu`.
 * @param {readonly string[]} toggles features of Dawn to enable
 * @param {string} [fallback] a Vulkan driver for a machine that has no other */
export async function openDawn(toggles, fallback) {
  const flags = toggles.length ? [`enable-dawn-features=${toggles.join(',')}`] : [];
  const kept = /** @type {typeof globalThis & { dawn?: GPU[] }} */ (globalThis); // Dawn stops when what create() returns is collected
  kept.dawn = [create(flags)];
  if (fallback && !(await kept.dawn[0]?.requestAdapter())) {
    process.env['VK_DRIVER_FILES'] = fallback;
    kept.dawn.push(create(flags));
  }
  Object.assign(globalThis, globals);
  const value = { gpu: kept.dawn.at(-1), userAgent: `Node ${process.version}, Dawn`, hardwareConcurrency: availableParallelism() };
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
}
