declare module '*.wgsl' {
  const kernel: import('../src/shader.ts').Kernel;
  export default kernel;
}
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
