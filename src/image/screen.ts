import screen from '../../shaders/image/screen.wgsl';
import { type Context, placeOf } from '../context.ts';
import { declare, paramsBytes } from '../kernel.ts';
import type { DType } from '../plan.ts';
import type { Tensor } from '../tensor.ts';
import { stridesOf } from './unpack.ts';

/** How a tensor becomes pixels, checked and completed. */
export interface ScreenCall {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly alpha: 'premultiplied' | 'straight' | 'opaque';
}

const ALPHAS = ['premultiplied', 'straight', 'opaque'];

/** What drawing needs again and again on one device. */
class Screen {
  readonly #device: GPUDevice;
  readonly #layout: GPUBindGroupLayout;
  readonly #params: GPUBuffer;
  readonly #pipelines = new Map<string, GPURenderPipeline>();

  constructor(device: GPUDevice) {
    this.#device = device;
    const entries = screen.bindings.map(({ binding, type }) => ({ binding, visibility: 2 /* GPUShaderStage.FRAGMENT */, buffer: { type } }));
    this.#layout = device.createBindGroupLayout({ entries });
    this.#params = device.createBuffer({ label: 'toCanvas params', size: screen.params.size, usage: 0x40 | 0x8 /* UNIFORM | COPY_DST */ });
  }

  pipeline(dtype: DType, format: GPUTextureFormat, constants: Record<string, number>): GPURenderPipeline {
    const key = JSON.stringify([dtype, format, constants]);
    const kept = this.#pipelines.get(key);
    if (kept) return kept;
    const module = this.#device.createShaderModule({ label: screen.name, code: declare(screen, { real: dtype }) });
    const pipeline = this.#device.createRenderPipeline({
      label: screen.name,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [this.#layout] }),
      vertex: { module, entryPoint: 'corner' },
      fragment: { module, entryPoint: 'main', targets: [{ format }], constants },
    });
    this.#pipelines.set(key, pipeline);
    return pipeline;
  }

  group(x: Tensor): GPUBindGroup {
    const resources: Record<string, GPUBufferBinding> = { x: placeOf(x), params: { buffer: this.#params } };
    return this.#device.createBindGroup({
      layout: this.#layout,
      entries: screen.bindings.map(({ name, binding }) => ({ binding, resource: resources[name]! })),
    });
  }

  /** One buffer serves every draw: writes and submits take effect in their order. */
  write(bytes: ArrayBuffer): void {
    this.#device.queue.writeBuffer(this.#params, 0, bytes);
  }
}

const screens = new WeakMap<Context, Screen>();

/** Draws x over the whole of a texture, and submits. */
export function draw(x: Tensor, texture: GPUTexture, { mean, std, alpha }: ScreenCall): void {
  const { ctx } = x;
  let own = screens.get(ctx);
  if (!own) screens.set(ctx, (own = new Screen(ctx.device)));
  ctx.flush(); // calls not yet submitted may write x
  own.write(paramsBytes(screen, { mean, deviation: std, ...stridesOf(x.spec), x_at: x.spec.skew }));
  const encoder = ctx.device.createCommandEncoder({ label: 'toCanvas' });
  const pass = encoder.beginRenderPass({ colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }] });
  pass.setPipeline(own.pipeline(x.dtype, texture.format, { CHANNELS: x.shape[1]!, ALPHA: ALPHAS.indexOf(alpha) }));
  pass.setBindGroup(0, own.group(x));
  pass.draw(3);
  pass.end();
  ctx.device.queue.submit([encoder.finish()]);
}
