// Cross-entropy of values of L levels and its gradient, each in one pass over the logits: nothing as large as
// they are is kept beside them, and the gradient is the only thing of their size that is made.
// lib/engine/crossEntropy.ts has the portable twin.
#include <cmath>
#include <limits>

#include "operations.h"
#include "simd.h"

namespace {

/**
 * Lanes beyond the n-th hold a number so low that it adds nothing to a maximum or to a sum of powers of e.
 */
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

/** Levels run from 0. For another value nothing is read, and the result is NaN. */
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
  for (int j = 0; j < levels; j += kLanes)
    storeSome(out + j, scale * loadSome(out + j, levels - j), levels - j);
  if (isLevel(level, levels)) out[level] -= dy;
}

// logits [B, D, L], x [B, D] -> nats [B]
void computeCrossEntropy(const NoSettings &, Context &context) {
  const Input<float> logits = context.input(0, "logits", {kAny, kAny, kAny});
  const int32_t *x = context.integers(1, "x", {logits[0], logits[1]}).data;
  float *nats = context.output(0, {logits[0]});
  if (context.failed()) return;
  const int64_t values = logits[1], levels = logits[2];
  inParallel(logits[0], [&](int image) {
    double sum = 0;
    for (int64_t i = image * values; i < (image + 1) * values; i++)
      sum += natsOf(logits.data + i * levels, static_cast<int>(levels), x[i]);
    nats[image] = static_cast<float>(sum);
  });
}

// dy [B], logits [B, D, L], x [B, D] -> dlogits [B, D, L]
void computeCrossEntropyGradient(const NoSettings &, Context &context) {
  const Input<float> logits = context.input(1, "logits", {kAny, kAny, kAny});
  const float *dy = context.input(0, "dy", {logits[0]}).data;
  const int32_t *x = context.integers(2, "x", {logits[0], logits[1]}).data;
  float *out = context.output(0, logits.shape);
  if (context.failed()) return;
  const int64_t values = logits[1], levels = logits[2];
  inParallel(logits[0], [&](int image) {
    for (int64_t i = image * values; i < (image + 1) * values; i++)
      gradientOf(dy[image], logits.data + i * levels, static_cast<int>(levels), x[i], out + i * levels);
  });
}

}  // namespace

void registerCrossEntropy() {
  registerOperation<NoSettings, computeCrossEntropy>("RasterCrossEntropy", {}, {"logits: float", "x: int32"},
                                                     {"nats: float"});
  registerOperation<NoSettings, computeCrossEntropyGradient>(
      "RasterCrossEntropyGradient", {}, {"dy: float", "logits: float", "x: int32"}, {"dlogits: float"});
}
