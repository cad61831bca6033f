// All kernels of the cpu device. Each is called as (first task, end task, the thread's tile area, its
// scratch memory, addresses of the buffers..., arguments...), in the order of its declaration in lib/ops.
export * from "./attention";
export * from "./distillation";
export * from "./elementwise";
export * from "./heads";
export * from "./matmul";
export * from "./quantised";
export * from "./rows";
