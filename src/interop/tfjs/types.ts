// What is used of tfjs, in types of our own: its declarations bring a second set of WebGPU's, which contradicts the DOM's.

/** A tensor of tfjs. */
export interface TfjsTensor {
  readonly dataId: object;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** Attributes of a kernel's call. */
export type Attributes = Readonly<Record<string, unknown>>;

/** A call of a kernel. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, TfjsTensor | undefined>>;
  readonly backend: unknown;
  readonly attrs?: Attributes;
}

/** A kernel as tfjs registers it. */
export interface KernelConfig {
  readonly kernelName: string;
  readonly backendName: string;
  readonly kernelFunc: (call: KernelCall) => unknown;
}

/** How tfjs goes back through a kernel. */
export interface GradientConfig {
  readonly kernelName: string;
  readonly inputsToSave: readonly string[];
  readonly gradFunc: (dy: TfjsTensor, saved: readonly TfjsTensor[], attrs: Attributes) => Record<string, () => TfjsTensor>;
}

/** Sizes of a convolution or a pooling. */
export interface WindowInfo {
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padInfo: { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number };
}

/** The module `@tensorflow/tfjs-core`, or one that has what is in it, as `@tensorflow/tfjs` has. */
export interface Tfjs {
  readonly backend_util: {
    computeConv2DInfo(
      input: unknown,
      filter: unknown,
      strides: unknown,
      dilations: number,
      pad: unknown,
      rounding: unknown,
      depthwise: false,
      dataFormat: 'channelsFirst' | 'channelsLast',
    ): WindowInfo;
    computePool2DInfo(input: unknown, window: unknown, strides: unknown, dilations: number, pad: unknown): WindowInfo;
  };
  backend(): unknown;
  getBackend(): string;
  getKernel(kernelName: string, backendName: string): unknown;
  registerKernel(config: unknown): void;
  unregisterKernel(kernelName: string, backendName: string): void;
  getGradient(kernelName: string): unknown;
  registerGradient(config: unknown): void;
  engine(): {
    runKernel(name: string, inputs: unknown, attrs: unknown): unknown;
    makeTensorFromTensorInfo(tensor: unknown, backend: unknown): TfjsTensor;
  };
  reshape(x: unknown, shape: unknown): TfjsTensor;
  tidy(body: unknown): unknown;
}
