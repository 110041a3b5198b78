// How a value is drawn from its logits, the same for every sampler. lib/sample.ts has the
// rule, and lib/choice.ts the same in TypeScript.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "simd.h"

/**
 * The number of levels k for which u >= P(value <= k).
 *
 * @param logits [numbers], one for each level
 */
inline int drawnLevel(const float *logits, int numbers, double u, double temperature) {
  static thread_local Floats weights;
  weights.assign(padded(numbers), -INFINITY);
  std::copy_n(logits, numbers, weights.begin());
  Vector most = all(-INFINITY);
  for (size_t k = 0; k < weights.size(); k += kLanes) {
    const Vector v = load(&weights[k]);
    most = v > most ? v : most;
  }
  float largest = most[0];
  for (int k = 1; k < kLanes; k++) largest = std::max<float>(largest, most[k]);
  // exponential() ends at e^-87; nothing is ever drawn from there.
  const float sharpness = static_cast<float>(std::min(1 / temperature, 1e30)), least = -87;
  for (size_t k = 0; k < weights.size(); k += kLanes) {
    const Vector power = (load(&weights[k]) - largest) * sharpness;
    store(&weights[k], power > least ? exponential(power) : Vector{});
  }
  // In four parts, which the processor adds side by side.
  double sums[4] = {};
  for (int k = 0; k < numbers; k++) sums[k % 4] += weights[k];
  double left = u * (sums[0] + sums[1] + sums[2] + sums[3]);
  // The last level needs no threshold: whatever is left is its share.
  int level = 0;
  while (level + 1 < numbers && (left -= weights[level]) >= 0) level++;
  return level;
}

/** @param numbers 1 for a Bernoulli logit, else the number of levels */
inline int drawn(const float *logits, int numbers, double u, double temperature) {
  if (numbers > 1) return drawnLevel(logits, numbers, u, temperature);
  return u >= 1 / (1 + std::exp(logits[0] / temperature)) ? 1 : 0;
}

/** The value with the largest logit. */
inline int likeliest(const float *logits, int numbers) {
  if (numbers == 1) return logits[0] > 0 ? 1 : 0;
  return static_cast<int>(std::max_element(logits, logits + numbers) - logits);
}

/** 0 times a number that is not finite is not a number, and so is every sum with it. */
inline bool areFinite(const float *logits, int numbers) {
  if (numbers == 1) return std::isfinite(logits[0]);
  Vector none = {};
  for (int k = 0; k < numbers; k += kLanes) none += 0.0f * loadSome(logits + k, numbers - k);
  float sum = 0;
  for (int k = 0; k < kLanes; k++) sum += none[k];
  return sum == 0;
}

/** What is drawn: places are [image, value], a value by its position in the model's order. */
struct Drawing {
  int values, numbers, levels;
  double temperature;
  bool argmax;
  /** Uniform in [0, 1). */
  const float *uniforms;
  /** Values that are given, -1 where one is to be drawn. */
  const int16_t *given;
  /** The values so far. */
  uint8_t *pixels;

  /** @param logits [numbers] of the value at `position` of an image @returns whether they are finite */
  bool settle(const float *logits, int image, int position) const {
    const size_t at = static_cast<size_t>(image) * values + position;
    if (given[at] >= 0) {
      pixels[at] = static_cast<uint8_t>(given[at]);
      return true;
    }
    if (!areFinite(logits, numbers)) return false;
    pixels[at] = static_cast<uint8_t>(argmax ? likeliest(logits, numbers)
                                             : drawn(logits, numbers, uniforms[at], temperature));
    return true;
  }
  float scaled(int image, int position) const {
    return static_cast<float>(pixels[static_cast<size_t>(image) * values + position] /
                              static_cast<double>(levels - 1));
  }
};
