// How a value is drawn from its logits, the same for every sampler. lib/sample.ts has the
// rule, and the same in TypeScript.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

/** Closer to a threshold than this the whole model must decide. */
constexpr double kTie = 1e-5;
struct Choice {
  int value;
  /** How far it is from being another. */
  double margin;
};

/**
 * How far `place` is from T log(P(value <= k) / P(value > k)) at the nearest level k: a fourth of it, since
 * no probability changes by more than a fourth of what a logit does.
 *
 * @param weights exp((logit - most) / T); where all on one side are 0, the largest logit stands for their sum
 */
inline double logitMargin(const float *logits, int levels, const double *weights, double most,
                          double temperature, double place) {
  static thread_local std::vector<double> above;
  above.resize(levels);
  double sum = 0, largest = -INFINITY, margin = INFINITY;
  for (int k = levels - 1; k > 0; k--) {
    sum += weights[k];
    largest = std::max<double>(largest, logits[k]);
    above[k - 1] = sum > 0 ? temperature * std::log(sum) : largest - most;
  }
  sum = 0, largest = -INFINITY;
  for (int k = 0; k + 1 < levels; k++) {
    sum += weights[k];
    largest = std::max<double>(largest, logits[k]);
    const double below = sum > 0 ? temperature * std::log(sum) : largest - most;
    margin = std::min(margin, std::abs(below - above[k] - place) / 4);
  }
  return margin;
}

/** @param numbers 1 for a Bernoulli logit, else the number of levels */
inline Choice drawn(const float *logits, int numbers, double u, double temperature) {
  // A low temperature magnifies what logits are rounded by: there the distance counts in logits, too, from
  // the same place as u.
  const double place = temperature < 1 ? temperature * std::log(u / (1 - u)) : 0;
  if (numbers == 1) {
    const double threshold = 1 / (1 + std::exp(logits[0] / temperature));
    return {u >= threshold ? 1 : 0,
            std::min(std::abs(u - threshold), temperature < 1 ? std::abs(logits[0] + place) / 4 : 1.0)};
  }
  const double most = *std::max_element(logits, logits + numbers);
  static thread_local std::vector<double> weights;
  weights.resize(numbers);
  double total = 0;
  for (int k = 0; k < numbers; k++) total += weights[k] = std::exp((logits[k] - most) / temperature);
  Choice choice = {0, INFINITY};
  double cumulative = 0;
  for (int k = 0; k + 1 < numbers; k++) {
    cumulative += weights[k] / total;
    choice.margin = std::min(choice.margin, std::abs(u - cumulative));
    if (u >= cumulative) choice.value++;
  }
  if (temperature < 1)
    choice.margin =
        std::min(choice.margin, logitMargin(logits, numbers, weights.data(), most, temperature, place));
  return choice;
}

inline Choice likeliest(const float *logits, int numbers) {
  if (numbers == 1) return {logits[0] > 0 ? 1 : 0, std::abs(logits[0])};
  int best = 0;
  double next = -INFINITY;
  for (int k = 1; k < numbers; k++) {
    if (logits[k] > logits[best]) next = logits[best], best = k;
    else next = std::max<double>(next, logits[k]);
  }
  return {best, logits[best] - next};
}

/** What became of the value of an image. */
enum Outcome : uint8_t { kSettled = 0, kUndecided = 1, kNotFinite = 2 };

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

  /** @param logits [numbers] of the value at `position` of an image */
  Outcome settle(const float *logits, int image, int position) const {
    const size_t at = static_cast<size_t>(image) * values + position;
    if (given[at] >= 0) {
      pixels[at] = static_cast<uint8_t>(given[at]);
      return kSettled;
    }
    for (int k = 0; k < numbers; k++)
      if (!std::isfinite(logits[k])) return kNotFinite;
    const Choice choice =
        argmax ? likeliest(logits, numbers) : drawn(logits, numbers, uniforms[at], temperature);
    if (choice.margin < kTie) return kUndecided;
    pixels[at] = static_cast<uint8_t>(choice.value);
    return kSettled;
  }
  float scaled(int image, int position) const {
    return static_cast<float>(pixels[static_cast<size_t>(image) * values + position] /
                              static_cast<double>(levels - 1));
  }
};
