// A step of Adam and of the average of the weights in one pass over memory, in place: the tensors belong to
// lib/engine/adam.ts alone, and new ones for every step would move twice as much memory.
#include <cmath>

#include "operations.h"
#include "simd.h"

namespace {

constexpr int64_t kChunk = 1 << 16;
/** So many numbers are looked at together for whether they rest. */
constexpr int64_t kRest = 256;

/** The numbers of a step, in this order: what lib/engine/adam.ts gives. */
struct Rates {
  float learning, moment1, moment2, epsilon, average, scale;
};

/** A part of a parameter. */
struct Slots {
  float *weights, *moment1, *moment2, *average;
  const float *gradient;
  Slots from(int64_t i) const { return {weights + i, moment1 + i, moment2 + i, average + i, gradient + i}; }
};

/** Whether n numbers are 0, each of them what `at` gives for a whole vector. */
template <typename At>
bool allZero(int64_t n, const At &at) {
  IntVector bits = {};
  for (int64_t i = 0; i < n; i += kLanes)
    bits |= (IntVector)at(i, static_cast<int>(n - i)) << 1;  // without the sign, for -0 is 0
  int any = 0;
  for (int lane = 0; lane < kLanes; lane++) any |= bits[lane];
  return any == 0;
}

/** Never had a gradient, as under the zeros of a mask: a step with none changes nothing. */
bool hasRested(int64_t n, const Slots &slots) {
  // The first and the last number tell nearly always.
  if (slots.moment2[0] != 0 || slots.moment2[n - 1] != 0) return false;
  return allZero(n, [&](int64_t i, int most) {
    const Vector change = loadSome(slots.average + i, most) - loadSome(slots.weights + i, most);
    return (Vector)((IntVector)loadSome(slots.moment1 + i, most) |
                    (IntVector)loadSome(slots.moment2 + i, most) | (IntVector)change);
  });
}

/** `rates` is a copy: for all that a compiler knows, what a reference means may lie in what is written. */
void update(int64_t n, const Rates rates, const Slots &slots) {
  float *__restrict weights = slots.weights, *__restrict moment1 = slots.moment1;
  float *__restrict moment2 = slots.moment2, *__restrict average = slots.average;
  const float *__restrict gradient = slots.gradient;
  for (int64_t i = 0; i < n; i++) {
    const float g = rates.scale * gradient[i];
    const float m = moment1[i] + (g - moment1[i]) * rates.moment1,
                v = moment2[i] + (g * g - moment2[i]) * rates.moment2;
    const float w = weights[i] - rates.learning * m / (std::sqrt(v) + rates.epsilon);
    moment1[i] = m;
    moment2[i] = v;
    weights[i] = w;
    average[i] -= (average[i] - w) * rates.average;
  }
}

// weights, moment1, moment2, average, gradient of one shape, rates [6], rest [numbers / 256]: 1 where a part
// is known to have rested, so that of it only the gradient is read; no output: the first four and the last
// are changed
void compute(const NoSettings &, Context &context) {
  const std::vector<int64_t> shape = context.shapeOf(0);
  const Slots slots = {context.inPlace(0, "weights", shape), context.inPlace(1, "moment1", shape),
                       context.inPlace(2, "moment2", shape), context.inPlace(3, "average", shape),
                       context.input(4, "gradient", shape).data};
  const float *numbers = context.input(5, "rates", {6}).data;
  int64_t size = 1;
  for (int64_t n : shape) size *= n;
  float *rest = context.inPlace(6, "rest", {(size + kRest - 1) / kRest});
  if (context.failed()) return;
  const Rates rates = {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
  inParallel(static_cast<int>((size + kChunk - 1) / kChunk), [&](int chunk) {
    const int64_t end = std::min((chunk + 1) * kChunk, size);
    for (int64_t i = chunk * kChunk; i < end; i += kRest) {
      const int64_t n = std::min(kRest, end - i);
      const Slots part = slots.from(i);
      const auto gradient = [&](int64_t k, int most) { return loadSome(part.gradient + k, most); };
      float &rests = rest[i / kRest];
      rests = (rests != 0 || hasRested(n, part)) && allZero(n, gradient);
      if (rests == 0) update(n, rates, part);
    }
  });
}

}  // namespace

void registerAdam() {
  registerOperation<NoSettings, compute>("RasterAdam", {},
                                         {"weights: float", "moment1: float", "moment2: float",
                                          "average: float", "gradient: float", "rates: float", "rest: float"},
                                         {});
}
