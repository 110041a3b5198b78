// The gated activation tanh(a) * sigmoid(b) (van den Oord et al. 2016b, equation 2) and its
// gradient, each in one pass over memory; the operations of the runtime would need twenty.
// lib/engine/gate.ts has the portable twin.
#include "cells.h"
#include "operations.h"

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
void computeGate(const NoSettings &, Context &context) {
  const Input<float> x = context.input(0, "x", {kAny, kAny, kAny, kAny});
  context.require(x[3] % 2 == 0, "x must have an even number of features, got " + std::to_string(x[3]));
  const int64_t rows = static_cast<int64_t>(x[0]) * x[1] * x[2];
  const int features = x[3] / 2;
  float *y = context.output(0, {x[0], x[1], x[2], features});
  if (context.failed()) return;
  forRows(rows, [&](int64_t row) {
    for (int j = 0; j < features; j += kLanes) {
      const float *from = x.data + 2 * row * features + j;
      const int n = features - j;
      storeSome(y + row * features + j, gateOf(loadSome(from, n), loadSome(from + features, n)), n);
    }
  });
}

// dy [B, H, W, K], x [B, H, W, 2 K] -> dx [B, H, W, 2 K]
void computeGateGradient(const NoSettings &, Context &context) {
  const Input<float> dy = context.input(0, "dy", {kAny, kAny, kAny, kAny});
  const int features = dy[3];
  const std::vector<int64_t> shape = {dy[0], dy[1], dy[2], 2 * static_cast<int64_t>(features)};
  const float *x = context.input(1, "x", shape).data;
  float *dx = context.output(0, shape);
  if (context.failed()) return;
  forRows(static_cast<int64_t>(dy[0]) * dy[1] * dy[2], [&](int64_t row) {
    for (int j = 0; j < features; j += kLanes) {
      const float *from = x + 2 * row * features + j;
      float *to = dx + 2 * row * features + j;
      const int n = features - j;
      const auto [a, b] = gateGradient(tanhAndSigmoid(loadSome(from, n), loadSome(from + features, n)),
                                       loadSome(dy.data + row * features + j, n));
      storeSome(to, a, n);
      storeSome(to + features, b, n);
    }
  });
}

}  // namespace

void registerGate() {
  registerOperation<NoSettings, computeGate>("RasterGate", {}, {"x: float"}, {"y: float"});
  registerOperation<NoSettings, computeGateGradient>("RasterGateGradient", {}, {"dy: float", "x: float"},
                                                     {"dx: float"});
}
