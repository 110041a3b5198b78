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

/** Never had a gradient and has none now, as under the zeros of a mask: then a step changes nothing. */
bool atRest(int64_t n, const Slots &slots) {
  IntVector bits = {};
  for (int64_t i = 0; i < n; i += kLanes) {
    const int most = static_cast<int>(n - i);
    const Vector change = loadSome(slots.average + i, most) - loadSome(slots.weights + i, most);
    for (const Vector v : {loadSome(slots.gradient + i, most), loadSome(slots.moment1 + i, most),
                           loadSome(slots.moment2 + i, most), change})
      bits |= (IntVector)v << 1;  // without the sign, for -0 is 0
  }
  int any = 0;
  for (int lane = 0; lane < kLanes; lane++) any |= bits[lane];
  return any == 0;
}

void update(int64_t n, const Rates &rates, const Slots &slots) {
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

// weights, moment1, moment2, average, gradient of one shape, rates [6]; no output: the first four are changed
void compute(const NoSettings &, Context &context) {
  const std::vector<int64_t> shape = context.shapeOf(0);
  const Slots slots = {context.inPlace(0, "weights", shape), context.inPlace(1, "moment1", shape),
                       context.inPlace(2, "moment2", shape), context.inPlace(3, "average", shape),
                       context.input(4, "gradient", shape).data};
  const float *numbers = context.input(5, "rates", {6}).data;
  if (context.failed()) return;
  const Rates rates = {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
  int64_t size = 1;
  for (int64_t n : shape) size *= n;
  inParallel(static_cast<int>((size + kChunk - 1) / kChunk), [&](int chunk) {
    const int64_t end = std::min((chunk + 1) * kChunk, size);
    for (int64_t i = chunk * kChunk; i < end; i += kRest) {
      const int64_t n = std::min(kRest, end - i);
      const Slots part = slots.from(i);
      // The first and the last number tell nearly always that there is something to do.
      const bool mayRest = part.moment2[0] == 0 && part.moment2[n - 1] == 0;
      if (!mayRest || !atRest(n, part)) update(n, rates, part);
    }
  });
}

}  // namespace

void registerAdam() {
  registerOperation<NoSettings, compute>("RasterAdam", {},
                                         {"weights: float", "moment1: float", "moment2: float",
                                          "average: float", "gradient: float", "rates: float"},
                                         {});
}
