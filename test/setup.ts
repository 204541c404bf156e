import { afterEach, expect } from 'vitest';
import { uncaptured } from './gpu.ts';

// The suite's gate: no device of any test, ours or a peer's, may report an error that nobody caught.
const adapter = GPUAdapter.prototype as GPUAdapter & { watched?: boolean };
if (!adapter.watched) {
  const { requestDevice } = adapter;
  adapter.watched = true;
  adapter.requestDevice = async function (...args) {
    const device = await requestDevice.apply(this, args);
    device.addEventListener('uncapturederror', (event) => {
      uncaptured.push((event as GPUUncapturedErrorEvent).error.message);
    });
    return device;
  };
}

afterEach(() => {
  expect(uncaptured.splice(0), 'uncaptured GPU errors').toEqual([]);
});
