// A masked convolution at single pixels, as the product of all that a pixel sees with weights in panels.
#pragma once
#include <algorithm>
#include <vector>

#include "simd.h"

constexpr int kColumns = 2 * kLanes;

struct Tap {
  int index, dy, dx;
};

/** Outputs that are computed together: at most two vectors of them. */
struct Panel {
  int start, outputs, vectors;
  /** How many of the numbers that a pixel sees these outputs look at: the first ones. */
  int length;
  /** Where its weights [length, vectors] and its bias are. */
  size_t weights, bias;
};

/** A kernel as the product of all that a pixel sees, [taps, inputs], with weights in panels. */
struct PixelKernel {
  std::vector<Tap> taps;
  int inputs = 0, outputs = 0;
  Floats weights, bias;
  /** The weights again where all of them are 16-bit floats, as stored weights are: for one image. */
  Halves halves;
  std::vector<Panel> panels;
  /** The panels of channel c are those from channels[c] on, up to channels[c + 1]. */
  std::vector<int> channels;

  int length() const { return static_cast<int>(taps.size()) * inputs; }
  size_t bytes() const {
    return (weights.size() + bias.size()) * sizeof(float) + halves.size() * sizeof(Half);
  }

  /**
   * @param from [taps, inputs, outputs], of which only the given taps are kept; @param bias [outputs]
   * @param count of channels; each has an equal share of each of so many parts of the outputs
   */
  static PixelKernel of(const std::vector<Tap> &taps, int inputs, int outputs, const float *from,
                        const float *bias, int count, int parts) {
    PixelKernel kernel = {taps, inputs, outputs, {}, {}, {}, {}, {0}};
    if (count == 1) parts = 1;
    const int share = outputs / parts / count;
    for (int channel = 0; channel < count; channel++) {
      for (int part = 0; part < parts; part++) {
        const int first = part * (outputs / parts) + channel * share;
        for (int k = 0; k < share; k += kColumns)
          kernel.addPanel(first + k, std::min(kColumns, share - k), from, bias);
      }
      kernel.channels.push_back(static_cast<int>(kernel.panels.size()));
    }
    return kernel;
  }

 private:
  void addPanel(int start, int count, const float *from, const float *biases) {
    const auto row = [&](int k) {
      return from + (static_cast<size_t>(taps[k / inputs].index) * inputs + k % inputs) * outputs + start;
    };
    // The pixel's own place comes last, and of it a channel sees only those before it: what the mask hides at
    // the end need not be looked at.
    int used = length();
    const auto isHidden = [](float weight) { return weight == 0; };
    const auto isOwn = [&](int k) { return taps[k / inputs].dy == 0 && taps[k / inputs].dx == 0; };
    while (used > 0 && isOwn(used - 1) && std::all_of(row(used - 1), row(used - 1) + count, isHidden)) used--;
    const int vectors = count > kLanes ? 2 : 1;
    panels.push_back({start, count, vectors, used, weights.size(), bias.size()});
    const int columns = vectors * kLanes;
    weights.resize(weights.size() + static_cast<size_t>(used) * columns);
    bias.resize(bias.size() + columns);
    const Panel &panel = panels.back();
    for (int k = 0; k < used; k++) std::copy_n(row(k), count, &weights[panel.weights + k * columns]);
    std::copy_n(biases + start, count, &bias[panel.bias]);
  }
};

/** All channels of a pixel at once. */
constexpr int kAllChannels = -1;

/** What a product is given beside its panel. */
struct Factors {
  const float *weights;
  /** The same numbers; null where 16 bits do not hold all of the kernel's. */
  const Half *halves;
  const float *bias, *values;
  int stride;
  const float *added;
  float *out;
  int outputs;
  bool rectified;
};

/** The k-th number that each row sees, times its weights. */
template <int Rows, int Width, typename Weight>
void addRow(const Weight *weights, const float *values, int stride, int k, Vector (&sum)[Rows][Width]) {
  Vector row[Width];
  const Weight *from = weights + k * Width * kLanes;
  UNROLLED for (int w = 0; w < Width; w++) row[w] = loadOnce<Rows>(from + w * kLanes);
  UNROLLED for (int r = 0; r < Rows; r++)
    UNROLLED for (int w = 0; w < Width; w++) sum[r][w] += values[r * stride + k] * row[w];
}

/**
 * Each sum has two halves, added at the end. One row takes both at a time, to keep the processor busy;
 * several rows take one after the other. All add the same numbers in the same order: an image does not
 * depend on how many others there are.
 */
template <int Rows, int Width, typename Weight>
void tile(const Panel &panel, const Weight *weights, const Factors &factors, int row) {
  const int half = panel.length / 2;
  const float *values = factors.values + static_cast<size_t>(row) * factors.stride;
  Vector total[Rows][Width], second[Rows][Width] = {};
  UNROLLED for (int r = 0; r < Rows; r++)
    UNROLLED for (int w = 0; w < Width; w++) total[r][w] = load(factors.bias + w * kLanes);
  if (Rows == 1) {
    for (int k = 0; k < half; k++) {
      addRow(weights, values, factors.stride, k, total);
      addRow(weights, values, factors.stride, half + k, second);
    }
  } else {
    for (int k = 0; k < half; k++) addRow(weights, values, factors.stride, k, total);
    for (int k = half; k < 2 * half; k++) addRow(weights, values, factors.stride, k, second);
  }
  if (2 * half < panel.length) addRow(weights, values, factors.stride, 2 * half, second);
  UNROLLED for (int r = 0; r < Rows; r++)
    UNROLLED for (int w = 0; w < Width; w++) {
      const size_t place = static_cast<size_t>(row + r) * factors.outputs + panel.start + w * kLanes;
      const int n = panel.outputs - w * kLanes;
      Vector sum = total[r][w] + second[r][w];
      if (factors.added != nullptr) sum += loadSome(factors.added + place, n);
      storeSome(factors.out + place, factors.rectified ? positive(sum) : sum, n);
    }
}

template <int Width>
void tiles(const Panel &panel, const Factors &factors, int rows) {
  // A single row waits for its weights; several share what is read, and would wait for its conversion.
  if (rows == 1) {
    if (factors.halves != nullptr) tile<1, Width>(panel, factors.halves, factors, 0);
    else tile<1, Width>(panel, factors.weights, factors, 0);
    return;
  }
  int row = 0;
  for (; row + kTileRows <= rows; row += kTileRows)
    tile<kTileRows, Width>(panel, factors.weights, factors, row);
  for (; row + 4 <= rows; row += 4) tile<4, Width>(panel, factors.weights, factors, row);
  for (; row < rows; row++) tile<1, Width>(panel, factors.weights, factors, row);
}

/** Of a channel: out [rows, outputs] = activation(values [rows, stride] · weights + bias + added). */
inline void multiply(const PixelKernel &kernel, bool rectified, const float *values, int stride, int rows,
                     const float *added, float *out, int channel) {
  const int first = channel < 0 ? 0 : kernel.channels[channel];
  const int last = channel < 0 ? static_cast<int>(kernel.panels.size()) : kernel.channels[channel + 1];
  for (int k = first; k < last; k++) {
    const Panel &panel = kernel.panels[k];
    const float *weights = kernel.weights.data() + panel.weights, *bias = kernel.bias.data() + panel.bias;
    const Half *halves = kernel.halves.empty() ? nullptr : kernel.halves.data() + panel.weights;
    const Factors factors = {weights, halves, bias, values, stride, added, out, kernel.outputs, rectified};
    if (panel.vectors == 1) tiles<1>(panel, factors, rows);
    else tiles<2>(panel, factors, rows);
  }
}
