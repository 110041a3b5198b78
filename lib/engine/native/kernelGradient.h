// The gradient of a convolution's kernel, summed over the pixels of one image at a time.
#pragma once
#include "conv.h"

/** Gradients of a kernel, summed over pixels and images: [tap][input][output], channels padded to pairs. */
struct KernelGradient {
  int taps, inputs, outputs;
  /** As of a Kernel: what the groups hide has no gradient, or any. */
  int groups;
  Floats weights, bias;
  KernelGradient(int taps, int inputs, int outputs, int groups = 1)
      : taps(taps), inputs(inputs), outputs(outputs), groups(groups),
        weights(static_cast<size_t>(taps) * pairs(inputs) * pairs(outputs)), bias(pairs(outputs)) {}

  void add(const KernelGradient &other) {
    for (size_t i = 0; i < weights.size(); i++) weights[i] += other.weights[i];
    for (size_t j = 0; j < bias.size(); j++) bias[j] += other.bias[j];
  }

  /** @param to [taps, inputs, outputs]; @param toBias [outputs] */
  void write(float *to, float *toBias) const {
    for (int tap = 0; tap < taps; tap++)
      for (int i = 0; i < inputs; i++)
        std::copy_n(&weights[(static_cast<size_t>(tap) * pairs(inputs) + i) * pairs(outputs)], outputs,
                    to + (static_cast<size_t>(tap) * inputs + i) * outputs);
    std::copy_n(bias.begin(), outputs, toBias);
  }
};

/** Inputs of a kernel, each at a tap, whose gradients are summed together. */
constexpr int kTogether = kRegisters >= 32 ? 8 : 4;

/** Adds what one image gives to the gradients of biases. */
inline void addBiasGradient(const Map &d, int top, int bottom, int width, KernelGradient &sums) {
  for (int j = 0; j < pairs(sums.outputs); j += kLanes) {
    Vector sum = load(&sums.bias[j]);
    for (int y = top; y < bottom; y++)
      for (int x = 0; x < width; x++) sum += load(d.at(y, x) + j);
    store(&sums.bias[j], sum);
  }
}

/**
 * addKernelGradient of an image, which has fewer channels than are summed
 * together: inputs of several taps are.
 */
inline void addImageKernelGradient(const Taps &taps, const Map &in, const Map &d, int height, int width,
                                   KernelGradient &sums) {
  const int inputs = pairs(sums.inputs), outputs = pairs(sums.outputs),
            count = static_cast<int>(taps.size()) * sums.inputs;
  for (int start = 0; start < count; start += kTogether) {
    std::ptrdiff_t offsets[kTogether];
    float *to[kTogether];
    UNROLLED for (int k = 0; k < kTogether; k++) {
      const int tap = std::min(start + k, count - 1) / sums.inputs,
                input = std::min(start + k, count - 1) % sums.inputs;
      offsets[k] = in.at(taps[tap].first, taps[tap].second) + input - in.origin;
      to[k] = &sums.weights[(static_cast<size_t>(tap) * inputs + input) * outputs];
    }
    for (int j = 0; j < outputs; j += kPair) {
      Vector sum[kTogether][2] = {};
      for (int y = 0; y < height; y++) {
        const float *from = in.at(y, 0), *right = d.at(y, 0) + j;
        for (int x = 0; x < width; x++, from += in.pixel, right += d.pixel) {
          const Vector first = loadOnce(right), second = loadOnce(right + kLanes);
          UNROLLED for (int k = 0; k < kTogether; k++) {
            sum[k][0] += from[offsets[k]] * first;
            sum[k][1] += from[offsets[k]] * second;
          }
        }
      }
      for (int k = 0; k < std::min(kTogether, count - start); k++)
        UNROLLED for (int w = 0; w < 2; w++) {
          float *own = to[k] + j + w * kLanes;
          store(own, load(own) + sum[k][w]);
        }
    }
  }
  addBiasGradient(d, 0, height, width, sums);
}

/**
 * Adds what some rows give to the gradients of a tap, for `Inputs` inputs from i on and `Width` vectors of
 * outputs from j on. `from` and `d` are the maps at the first of these rows.
 */
template <int Inputs, int Width>
inline void addTapGradient(const Map &from, const Map &d, int rows, int width, int i, int j, float *to,
                           int outputs) {
  Vector sum[Inputs][Width];
  UNROLLED for (int k = 0; k < Inputs; k++)
    UNROLLED for (int w = 0; w < Width; w++) sum[k][w] = load(to + k * outputs + w * kLanes);
  for (int y = 0; y < rows; y++)
    addOuterProducts(width, from.at(y, 0) + i, from.pixel, d.at(y, 0) + j, d.pixel, sum);
  UNROLLED for (int k = 0; k < Inputs; k++)
    UNROLLED for (int w = 0; w < Width; w++) store(to + k * outputs + w * kLanes, sum[k][w]);
}

inline int wholeFours(int n) { return (n + 3) / 4 * 4; }

/**
 * Adds what one image gives to the gradients of a kernel that took `in` to a
 * map of which `d` is the gradient.
 */
inline void addKernelGradient(const Taps &taps, const Map &in, const Map &d, int height, int width,
                              KernelGradient &sums) {
  if (sums.inputs < kTogether) return addImageKernelGradient(taps, in, d, height, width, sums);
  // So few rows that both maps stay in the nearest cache while all weights pass over them.
  const int band = std::max(1, 96 / width);
  const int inputs = pairs(sums.inputs), outputs = pairs(sums.outputs);
  for (int top = 0; top < height; top += band) {
    const int bottom = std::min(height, top + band);
    const Map right = {d.at(top, 0), d.row, d.pixel};
    for (size_t tap = 0; tap < taps.size(); tap++) {
      const Map left = {in.at(top + taps[tap].first, taps[tap].second), in.row, in.pixel};
      for (int j = 0; j < sums.outputs; j += kPair) {
        float *const to = &sums.weights[tap * inputs * outputs + j];
        const int vectors = vectorsFrom(j, sums.outputs);
        const int last = groupOf(std::min(j + kPair, sums.outputs) - 1, sums.outputs, sums.groups);
        // What is past the last input is padding. Tiles of six and four cover whole fours, and no more.
        inTiles(wholeFours(sums.inputs), [&](auto together, int i) {
          constexpr int count = decltype(together)::value;
          if (isCenter(taps[tap]) && groupOf(i, sums.inputs, sums.groups) > last) return;
          float *const own = to + i * outputs;
          if (vectors == 2) addTapGradient<count, 2>(left, right, bottom - top, width, i, j, own, outputs);
          else addTapGradient<count, 1>(left, right, bottom - top, width, i, j, own, outputs);
        });
      }
    }
    addBiasGradient(d, top, bottom, width, sums);
  }
}

/**
 * The gradient of one channel of an input with few of them: a sum over all taps and outputs.
 *
 * @param weights [taps, inputs, outputs]
 * @param d the gradient of the outputs, with the border that the taps reach from the other side
 */
inline float inputGradient(const Taps &taps, int inputs, int outputs, const float *weights, const Map &d,
                           int y, int x, int channel) {
  Vector sum = {};
  const float *row = weights + static_cast<size_t>(channel) * outputs;
  for (const auto &[dy, dx] : taps) {
    const float *from = d.at(y - dy, x - dx);
    for (int j = 0; j < outputs; j += kLanes) sum += load(from + j) * loadSome(row + j, outputs - j);
    row += static_cast<size_t>(inputs) * outputs;
  }
  float total = 0;
  for (int lane = 0; lane < kLanes; lane++) total += sum[lane];
  return total;
}
