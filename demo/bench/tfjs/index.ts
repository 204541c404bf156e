import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Case, Shape } from '../cases/case.ts';
import type { Arrays, Library, Shared } from '../library.ts';
import { resample } from './resample.ts';

const NAME = 'shared';

/** [N, C, ...spatial] as tfjs writes shapes. */
const channelsLast = ([n, c, ...spatial]: Shape) => [n!, ...spatial, c!];

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
      const given = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, tf.tensor(data, channelsLast(one.inputs[name]!))]));
      const run = resample(tf, one, given);
      const close = () => {
        for (const t of Object.values(given)) t.dispose();
      };
      if (typeof run === 'string') {
        close();
        return run;
      }
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
          result: async () => {
            const y = run();
            const data = await y.data();
            y.dispose();
            return data as Float32Array;
          },
          close,
        },
      ];
    },
  };
}
