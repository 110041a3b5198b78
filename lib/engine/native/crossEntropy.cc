// Cross-entropy of values of L levels and its gradient, each in one pass over the logits: nothing as large as they are is kept
// beside them, and the gradient is the only thing of their size that is made. lib/engine/kernels.ts has the portable twin.
#include <cmath>
#include <limits>

#include "operations.h"
#include "simd.h"

namespace {

/** Lanes beyond the n-th hold a number so low that it adds nothing to a maximum or to a sum of powers of e. */
inline Vector loadOrLow(const float *from, int n) {
  if (n >= kLanes) return load(from);
  Vector v = all(-std::numeric_limits<float>::max());
  std::memcpy(&v, from, n * sizeof(float));
  return v;
}

inline float largestOf(const float *logits, int levels) {
  Vector most = loadOrLow(logits, levels);
  for (int j = kLanes; j < levels; j += kLanes) {
    const Vector v = loadOrLow(logits + j, levels - j);
    most = v > most ? v : most;
  }
  float largest = most[0];
  for (int lane = 1; lane < kLanes; lane++) largest = std::max(largest, most[lane]);
  return largest;
}

inline float totalOf(Vector v) {
  float total = 0;
  for (int lane = 0; lane < kLanes; lane++) total += v[lane];
  return total;
}

/** A level that there is not would read what lies beside the logits: it makes the result no number instead. */
inline bool isLevel(int32_t level, int levels) { return level >= 0 && level < levels; }

/** log sum e^logit - logit of the level, in nats. */
float natsOf(const float *logits, int levels, int32_t level) {
  if (!isLevel(level, levels)) return std::numeric_limits<float>::quiet_NaN();
  const float largest = largestOf(logits, levels);
  Vector sum = {};
  for (int j = 0; j < levels; j += kLanes) sum += exponential(loadOrLow(logits + j, levels - j) - largest);
  return std::log(totalOf(sum)) + (largest - logits[level]);
}

/** dy (softmax of the logits - 1 at the level). */
void gradientOf(float dy, const float *logits, int levels, int32_t level, float *out) {
  const float largest = largestOf(logits, levels);
  Vector sum = {};
  for (int j = 0; j < levels; j += kLanes) {
    const Vector power = exponential(loadOrLow(logits + j, levels - j) - largest);
    sum += power;
    storeSome(out + j, power, levels - j);
  }
  const float scale = isLevel(level, levels) ? dy / totalOf(sum) : std::numeric_limits<float>::quiet_NaN();
  for (int j = 0; j < levels; j += kLanes) storeSome(out + j, scale * loadSome(out + j, levels - j), levels - j);
  if (isLevel(level, levels)) out[level] -= dy;
}

const int32_t *integers(const float *data) { return reinterpret_cast<const int32_t *>(data); }

// logits [B, D, L], x [B, D] -> nats [B]
void computeCrossEntropy(void *, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const int batch = context.dimension(0, 0), values = context.dimension(0, 1), levels = context.dimension(0, 2);
  const float *logits = context.input(0);
  const int32_t *x = integers(context.input(1));
  float *nats = context.output(0, {batch});
  if (context.failed()) return;
  inParallel(batch, [&](int image) {
    double sum = 0;
    for (int64_t i = static_cast<int64_t>(image) * values; i < static_cast<int64_t>(image + 1) * values; i++)
      sum += natsOf(logits + i * levels, levels, x[i]);
    nats[image] = static_cast<float>(sum);
  });
}

// dy [B], logits [B, D, L], x [B, D] -> dlogits [B, D, L]
void computeCrossEntropyGradient(void *, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const int batch = context.dimension(1, 0), values = context.dimension(1, 1), levels = context.dimension(1, 2);
  const float *dy = context.input(0), *logits = context.input(1);
  const int32_t *x = integers(context.input(2));
  float *out = context.output(0, {batch, values, levels});
  if (context.failed()) return;
  inParallel(batch, [&](int image) {
    for (int64_t i = static_cast<int64_t>(image) * values; i < static_cast<int64_t>(image + 1) * values; i++)
      gradientOf(dy[image], logits + i * levels, levels, x[i], out + i * levels);
  });
}

void *nothing(TF_OpKernelConstruction *) { return nullptr; }
void noRelease(void *) {}

}  // namespace

void registerCrossEntropy() {
  registerOperation("RasterCrossEntropy", {}, {"logits: float", "x: int32"}, {"nats: float"}, nothing, computeCrossEntropy,
                    noRelease);
  registerOperation("RasterCrossEntropyGradient", {}, {"dy: float", "logits: float", "x: int32"}, {"dlogits: float"}, nothing,
                    computeCrossEntropyGradient, noRelease);
}
