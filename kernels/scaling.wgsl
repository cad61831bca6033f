// What scales an update, as SCALING in lib/ops/update_scaling.ts lays it out.

struct Scaling {
  next: f32,    // what the next step's loss is multiplied by
  current: f32, // what this step's gradients were multiplied by
  correction1: f32, correction2: f32, // 1 - β1^t, 1 - β2^t
  sound: f32,   // steps since the scale changed
}
