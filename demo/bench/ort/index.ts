import * as ort from 'onnxruntime-web/webgpu';
import { fromHalf } from '../../../src/half.ts';
import { type Case, count } from '../cases/case.ts';
import type { Arrays, Entry, Library, Shared } from '../library.ts';
import { graphOf } from './graph.ts';
import { bytesIn, modelOf } from './model.ts';

/** Copies the head of a buffer to the CPU: the runtime's buffers are larger than their tensors. */
async function read(device: GPUDevice, source: GPUBuffer, elements: number, half: boolean): Promise<Float32Array> {
  const bytes = Math.ceil((elements * (half ? 2 : 4)) / 4) * 4; // copies move whole words
  const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copied = staging.getMappedRange().slice(0);
  staging.destroy();
  return half ? fromHalf(new Uint16Array(copied, 0, elements)) : new Float32Array(copied);
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
      const bytes = bytesIn(data, one.dtype);
      const words = new Uint8Array(Math.ceil(bytes.length / 4) * 4); // writeBuffer moves whole words
      words.set(bytes);
      const buffer = device.createBuffer({ size: words.length, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
      device.queue.writeBuffer(buffer, 0, words);
      return [name, buffer] as const;
    });
    const feeds = Object.fromEntries(
      buffers.map(([name, buffer]) => [name, ort.Tensor.fromGpuBuffer(buffer, { dataType: one.dtype ? 'float16' : 'float32', dims: [...one.inputs[name]!] })]),
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
        const data = await read(device, y.gpuBuffer, count(one.output), one.dtype === 'f16');
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
