import * as ort from 'onnxruntime-web/webgpu';
import { type Case, count } from '../cases/case.ts';
import type { Arrays, Entry, Library, Shared } from '../library.ts';
import { graphOf } from './graph.ts';
import { modelOf } from './model.ts';

/** Copies the head of a buffer to the CPU: the runtime's buffers are larger than their tensors. */
async function read(device: GPUDevice, source: GPUBuffer, bytes: number): Promise<Float32Array> {
  const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const data = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return data;
}

/** ONNX Runtime on our device, arrays in and out on the GPU. */
export async function open({ device }: Shared): Promise<Library> {
  ort.env.logLevel = 'error';
  const executionProviders = [{ name: 'webgpu', device } as const];
  const extra = { session: { disable_cpu_ep_fallback: '1' } }; // a node that would run on the CPU is refused, not timed
  const load = (model: Uint8Array) => ort.InferenceSession.create(model, { executionProviders, extra, preferredOutputLocation: 'gpu-buffer' });

  async function enter(one: Case, layout: Entry['layout'], inputs: Arrays): Promise<Entry[] | string> {
    const graph = graphOf(one);
    if (typeof graph === 'string') return graph;
    const model = modelOf(one, graph, inputs);
    const fed = Object.entries(inputs).filter(([name]) => !graph.weights.includes(name));
    const buffers = fed.map(([name, data]) => {
      const buffer = device.createBuffer({ size: data.byteLength, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
      device.queue.writeBuffer(buffer, 0, data);
      return [name, buffer] as const;
    });
    const feeds = Object.fromEntries(
      buffers.map(([name, buffer]) => [name, ort.Tensor.fromGpuBuffer(buffer, { dataType: 'float32', dims: [...one.inputs[name]!] })]),
    );
    let session: ort.InferenceSession | undefined;
    const run = async () => (await session!.run(feeds))['y']!;
    const entry: Entry = {
      library: 'ort',
      kind: 'call',
      layout,
      open: async () => {
        session = await load(model);
      },
      call: async () => (await run()).dispose(),
      flush: () => {}, // run() submits
      result: async () => {
        const y = await run();
        const data = await read(device, y.gpuBuffer, 4 * count(one.output));
        y.dispose();
        return data;
      },
      close: async () => {
        await session?.release();
        for (const [, buffer] of buffers) buffer.destroy();
      },
    };
    return [entry];
  }
  return { name: 'ort', version: ort.env.versions.web ?? '', layouts: ['nchw'], enter };
}
