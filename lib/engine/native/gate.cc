// The gated activation tanh(a) * sigmoid(b) (van den Oord et al. 2016b, equation 2) and its gradient, each in one pass over memory;
// the operations of the runtime would need twenty. lib/engine/kernels.ts has the portable twin.
#include "operations.h"
#include "simd.h"

namespace {

/** Rows that one task takes. */
constexpr int64_t kRows = 1024;

/** Calls run(row) for all rows, each of one pixel. */
template <typename Run>
void forRows(int64_t rows, const Run &run) {
  inParallel(static_cast<int>((rows + kRows - 1) / kRows), [&](int task) {
    const int64_t end = std::min(rows, (task + 1) * kRows);
    for (int64_t row = task * kRows; row < end; row++) run(row);
  });
}

// x [B, H, W, 2 K] -> y [B, H, W, K]
void computeGate(void *, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const int64_t batch = context.dimension(0, 0), height = context.dimension(0, 1), width = context.dimension(0, 2);
  const int features = context.dimension(0, 3) / 2;
  const float *x = context.input(0);
  float *y = context.output(0, {batch, height, width, features});
  if (context.failed()) return;
  forRows(batch * height * width, [&](int64_t row) {
    for (int j = 0; j < features; j += kLanes) {
      const float *from = x + 2 * row * features + j;
      const int n = features - j;
      storeSome(y + row * features + j, hyperbolicTangent(loadSome(from, n)) * sigmoid(loadSome(from + features, n)), n);
    }
  });
}

// dy [B, H, W, K], x [B, H, W, 2 K] -> dx [B, H, W, 2 K]
void computeGateGradient(void *, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const int64_t batch = context.dimension(0, 0), height = context.dimension(0, 1), width = context.dimension(0, 2);
  const int features = context.dimension(0, 3);
  const float *dy = context.input(0), *x = context.input(1);
  float *dx = context.output(0, {batch, height, width, 2 * features});
  if (context.failed()) return;
  forRows(batch * height * width, [&](int64_t row) {
    for (int j = 0; j < features; j += kLanes) {
      const float *from = x + 2 * row * features + j;
      float *to = dx + 2 * row * features + j;
      const int n = features - j;
      const Vector t = hyperbolicTangent(loadSome(from, n)), s = sigmoid(loadSome(from + features, n));
      const Vector d = loadSome(dy + row * features + j, n) * s;
      storeSome(to, d * (1.0f - t * t), n);
      storeSome(to + features, d * t * (1.0f - s), n);
    }
  });
}

void *nothing(TF_OpKernelConstruction *) { return nullptr; }
void noRelease(void *) {}

}  // namespace

void registerGate() {
  registerOperation("RasterGate", {}, {"x: float"}, {"y: float"}, nothing, computeGate, noRelease);
  registerOperation("RasterGateGradient", {}, {"dy: float", "x: float"}, {"dx: float"}, nothing, computeGateGradient,
                    noRelease);
}
