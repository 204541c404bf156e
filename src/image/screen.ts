import screen from '../../shaders/image/screen.wgsl';
import type { Context } from '../context.ts';
import { declare, declared, paramsBytes } from '../shader.ts';
import type { Tensor } from '../tensor.ts';
import { ALPHAS } from './arguments.ts';
import { stridesOf } from './unpack.ts';

const { bindings, params: struct } = declared(screen);

/** How a tensor becomes pixels, checked and completed. */
export interface ScreenCall {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly alpha: (typeof ALPHAS)[number];
}

/** What drawing needs again and again on one device. */
function kit(device: GPUDevice) {
  const entries = bindings.map(({ binding, type }) => ({ binding, visibility: 2 /* GPUShaderStage.FRAGMENT */, buffer: { type } }));
  return {
    layout: device.createBindGroupLayout({ entries }),
    /** One buffer serves every draw: writes and submits take effect in their order. */
    params: device.createBuffer({ size: struct.size, usage: 0x40 | 0x8 /* UNIFORM | COPY_DST */ }),
    pipelines: new Map<string, GPURenderPipeline>(),
  };
}

const kits = new WeakMap<Context, ReturnType<typeof kit>>();

/** Draws x over the whole of a texture, and submits. */
export function draw(x: Tensor, texture: GPUTexture, { mean, std, alpha }: ScreenCall): void {
  const { ctx, dtype, shape, spec } = x;
  const { device } = ctx;
  const { format } = texture;
  let own = kits.get(ctx);
  if (!own) kits.set(ctx, (own = kit(device)));
  const { layout, params, pipelines } = own;
  const key = [dtype, format, shape[1], alpha].join();
  let pipeline = pipelines.get(key);
  if (!pipeline) {
    const module = device.createShaderModule({ label: screen.name, code: declare(screen, { real: dtype }) });
    const constants = { CHANNELS: shape[1]!, ALPHA: ALPHAS.indexOf(alpha) };
    pipeline = device.createRenderPipeline({
      label: screen.name,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      vertex: { module },
      fragment: { module, targets: [{ format }], constants },
    });
    pipelines.set(key, pipeline);
  }
  ctx.flush(); // calls not yet submitted may write x
  device.queue.writeBuffer(params, 0, paramsBytes(screen, { mean, deviation: std, ...stridesOf(spec), x_at: spec.skew }));
  const resources: Record<string, GPUBufferBinding> = { x: x.place, params: { buffer: params } };
  const entries = bindings.map(({ name, binding }) => ({ binding, resource: resources[name]! }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginRenderPass({ colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }] });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.draw(3);
  pass.end();
  device.queue.submit([encoder.finish()]);
}
