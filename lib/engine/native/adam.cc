// A step of Adam and of the average of the weights in one pass over memory.
#include <cmath>

#include "operations.h"

namespace {

constexpr int64_t kChunk = 1 << 16;

/** The numbers of a step, in this order: what lib/engine/adam.ts gives. */
struct Rates {
  float learning, moment1, moment2, epsilon, average, scale;
};

void update(int64_t n, const Rates &rates, const float *__restrict weights, const float *__restrict moment1,
            const float *__restrict moment2, const float *__restrict average, const float *__restrict gradient,
            float *__restrict nextWeights, float *__restrict nextMoment1, float *__restrict nextMoment2,
            float *__restrict nextAverage) {
  for (int64_t i = 0; i < n; i++) {
    const float g = rates.scale * gradient[i];
    const float m = moment1[i] + (g - moment1[i]) * rates.moment1, v = moment2[i] + (g * g - moment2[i]) * rates.moment2;
    const float w = weights[i] - rates.learning * m / (std::sqrt(v) + rates.epsilon);
    nextMoment1[i] = m;
    nextMoment2[i] = v;
    nextWeights[i] = w;
    nextAverage[i] = average[i] - (average[i] - w) * rates.average;
  }
}

// weights, moment1, moment2, average, gradient of one shape, rates [6] -> the next weights, moments and average
void compute(void *, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const std::vector<int64_t> shape = context.shape(0);
  const float *in[5];
  for (int k = 0; k < 5; k++) in[k] = context.input(k);
  const float *numbers = context.input(5);
  const Rates rates = {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]};
  float *out[4];
  for (int k = 0; k < 4; k++) out[k] = context.output(k, shape);
  if (context.failed()) return;
  int64_t size = 1;
  for (int64_t n : shape) size *= n;
  inParallel(static_cast<int>((size + kChunk - 1) / kChunk), [&](int chunk) {
    const int64_t from = chunk * kChunk, n = std::min(kChunk, size - from);
    update(n, rates, in[0] + from, in[1] + from, in[2] + from, in[3] + from, in[4] + from, out[0] + from, out[1] + from,
           out[2] + from, out[3] + from);
  });
}

void *nothing(TF_OpKernelConstruction *) { return nullptr; }
void noRelease(void *) {}

}  // namespace

void registerAdam() {
  registerOperation("RasterAdam", {},
                    {"weights: float", "moment1: float", "moment2: float", "average: float", "gradient: float", "rates: float"},
                    {"next_weights: float", "next_moment1: float", "next_moment2: float", "next_average: float"}, nothing, compute,
                    noRelease);
}
