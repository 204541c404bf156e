import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { type Case, follow, lies, type Recipes } from '../cases/case.ts';
import type { Arrays, Library, Shared } from '../library.ts';
import { conv } from './conv.ts';
import { pool } from './pool.ts';
import { resample } from './resample.ts';
import { shuffle } from './shuffle.ts';
import { train } from './train.ts';

const NAME = 'shared';

type Given = [tf: typeof import('@tensorflow/tfjs-core'), inputs: Readonly<Record<string, tf.Tensor>>];
/** What is more than one call: its output is not what it returns. */
interface Course {
  run(): tf.Tensor;
  result(): Promise<Float32Array>;
  close(): void;
}
type Run = (() => tf.Tensor) | Course | string;
/** A case as tfjs runs it, or why it cannot. */
export type TfjsRecipe<C> = (one: C, ...given: Given) => Run;

const recipes: Recipes<Given, Run> = { conv, pool, resample, shuffle, train };

/** tfjs on our device: same GPU, same process, same moment. */
export async function open({ device, info }: Shared): Promise<Library> {
  const backend = new WebGPUBackend(device, info);
  tf.registerBackend(NAME, () => backend);
  tf.copyRegisteredKernels('webgpu', NAME);
  await tf.setBackend(NAME);
  return {
    name: 'tfjs',
    version: tf.version_core,
    layouts: ['nhwc'],
    enter: async (one: Case, layout, inputs: Arrays) => {
      if (one.dtype) return 'no f16';
      const given = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, tf.tensor(data, [...lies(one, name, layout)])]));
      const found = follow(recipes, one, tf, given);
      const course = typeof found === 'object' ? found : undefined;
      const close = () => {
        course?.close();
        for (const t of Object.values(given)) t.dispose();
      };
      if (typeof found === 'string') {
        close();
        return found;
      }
      const run = typeof found === 'object' ? found.run : found;
      return [
        {
          library: 'tfjs',
          kind: 'call',
          layout,
          call: () => run().dispose(),
          flush: () => {
            backend.ensureCommandEncoderReady();
            backend.endComputePassEncoder(); // submitQueue submits nothing while a pass is open
            backend.submitQueue();
          },
          result:
            course?.result ??
            (async () => {
              const y = run();
              const data = await y.data();
              y.dispose();
              return data as Float32Array;
            }),
          close,
        },
      ];
    },
  };
}
