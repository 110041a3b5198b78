// Convolutions of one image at a time. An image's feature maps fit into a core's own cache, so a whole block
// of layers is computed there before the next image is touched, each core with images of its own.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "parallel.h"
#include "simd.h"

constexpr int kPair = 2 * kLanes;

inline int pairs(int n) { return (n + kPair - 1) / kPair * kPair; }

/**
 * A feature map: pixel (0, 0), how far rows and pixels lie apart. A pixel has room for whole pairs of
 * vectors. What lies past the last channel may be anything, but for zeros up to a whole vector in a map
 * that was copied.
 */
struct Map {
  float *origin;
  int row, pixel;
  float *at(int y, int x) const { return origin + y * row + x * pixel; }
};

/** How many zero rows and columns surround a map. */
struct Border {
  int above = 0, below = 0, sides = 0;
};

/** The size of a map of some channels with its border, and its place in memory. */
struct Frame {
  int height, width, channels;
  Border border;
  /** A multiple of 512 bytes apart, pixels would share few places of the nearest cache: one more pair. */
  int pixel() const { return pairs(channels) % 128 == 0 ? pairs(channels) + kPair : pairs(channels); }
  int row() const { return (width + 2 * border.sides) * pixel(); }
  size_t floats() const { return static_cast<size_t>(height + border.above + border.below) * row(); }
  Map in(float *memory) const {
    return {memory + border.above * row() + border.sides * pixel(), row(), pixel()};
  }
  /** The same, with zeros in the border. */
  Map cleared(float *memory) const {
    const size_t above = static_cast<size_t>(border.above) * row(),
                 below = static_cast<size_t>(border.below) * row();
    std::fill_n(memory, above, 0.0f);
    std::fill_n(memory + floats() - below, below, 0.0f);
    const size_t side = static_cast<size_t>(border.sides) * pixel();
    if (side > 0) {
      for (int y = 0; y < height; y++) {
        float *start = memory + above + static_cast<size_t>(y) * row();
        std::fill_n(start, side, 0.0f);
        std::fill_n(start + row() - side, side, 0.0f);
      }
    }
    return in(memory);
  }
};

inline Vector unchanged(Vector v) { return v; }

/**
 * The channels of one image, whose pixels lie `step` apart, as a map with a border of zeros; through a
 * function that leaves zeros as they are.
 */
template <typename Change = Vector(Vector)>
Map bordered(const Frame &frame, const float *from, int step, Floats &memory,
             const Change &change = unchanged) {
  memory.resize(frame.floats());
  const Map map = frame.cleared(memory.data());
  for (int y = 0; y < frame.height; y++)
    for (int x = 0; x < frame.width; x++, from += step)
      for (int j = 0; j < frame.pixel(); j += kLanes)
        store(map.at(y, x) + j, change(loadSome(from + j, std::max(0, frame.channels - j))));
  return map;
}

using Taps = std::vector<std::pair<int, int>>;

/** Where the taps of a kernel lie, of which the place (top, left) meets the pixel itself. */
inline Taps placedTaps(int rows, int columns, int top, int left, int dilation) {
  Taps taps;
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) taps.push_back({(r - top) * dilation, (c - left) * dilation});
  return taps;
}

/** Where the taps of a kernel of live rows and columns lie: those of the last row's center are (0, 0). */
inline Taps rasterTaps(int rows, int columns, int centerColumn, int dilation) {
  return placedTaps(rows, columns, rows - 1, centerColumn, dilation);
}

/** Which group of so many equal ones, one after the other, a channel belongs to. */
inline int groupOf(int channel, int channels, int groups) { return channel * groups / channels; }

/** Whether a tap lies over the pixel itself. */
inline bool isCenter(const std::pair<int, int> &tap) { return tap.first == 0 && tap.second == 0; }

/** Vectors of outputs that are computed together: two, or the last one where their number is odd. */
struct KernelPanel {
  int start, vectors;
  /** Where its weights begin. */
  size_t weights;
  /** Inputs that it sees at the pixel itself: with groups of colors not all of them. */
  int from, to;
};

inline int vectorsFrom(int start, int channels) { return channels - start > kLanes ? 2 : 1; }

/** A kernel with its weights in the order in which they are used: [panel][tap][input][outputs of a panel]. */
struct Kernel {
  Taps taps;
  int inputs, outputs;
  Floats weights, bias;
  std::vector<KernelPanel> panels;

  /**
   * @param from [taps, inputs, outputs]; @param bias [outputs] or null
   * @param groups of channels: at the pixel itself an output sees inputs of its own group and those before
   */
  static Kernel of(const Taps &taps, int inputs, int outputs, const float *from, const float *bias,
                   int groups = 1) {
    return make(taps, inputs, outputs, from, bias, groups, false);
  }

  /** The kernel that takes gradients of outputs to gradients of inputs. */
  static Kernel transposed(const Taps &taps, int inputs, int outputs, const float *from, int groups = 1) {
    Taps mirrored;
    for (const auto &[dy, dx] : taps) mirrored.push_back({-dy, -dx});
    Floats turned(taps.size() * inputs * outputs);
    for (size_t tap = 0; tap < taps.size(); tap++)
      for (int i = 0; i < inputs; i++)
        for (int j = 0; j < outputs; j++)
          turned[(tap * outputs + j) * inputs + i] = from[(tap * inputs + i) * outputs + j];
    return make(mirrored, outputs, inputs, turned.data(), nullptr, groups, true);
  }

 private:
  /** @param later whether groups from its own on are seen, not those up to it */
  static Kernel make(const Taps &taps, int inputs, int outputs, const float *from, const float *bias,
                     int groups, bool later) {
    Kernel kernel = {taps, inputs, outputs, {}, Floats(pairs(outputs)), {}};
    kernel.weights.reserve(taps.size() * inputs * pairs(outputs));
    for (int start = 0; start < outputs; start += kPair) {
      const int vectors = vectorsFrom(start, outputs), end = std::min(start + vectors * kLanes, outputs);
      const int first = groupOf(start, outputs, groups), last = groupOf(end - 1, outputs, groups);
      const KernelPanel panel = {start, vectors, kernel.weights.size(), later ? first * inputs / groups : 0,
                           later ? inputs : (last + 1) * inputs / groups};
      kernel.panels.push_back(panel);
      for (size_t tap = 0; tap < taps.size(); tap++)
        for (int k = 0; k < inputs; k++) {
          if (isCenter(taps[tap]) && (k < panel.from || k >= panel.to)) continue;
          const size_t place = kernel.weights.size();
          kernel.weights.resize(place + vectors * kLanes);
          std::copy(from + (tap * inputs + k) * outputs + start, from + (tap * inputs + k) * outputs + end,
                    &kernel.weights[place]);
        }
    }
    if (bias != nullptr) std::copy_n(bias, outputs, kernel.bias.begin());
    return kernel;
  }
};

/**
 * Pixels side by side from (y, x) on, for a panel of outputs. It is a function of its own: among
 * the variables of the loops around it the places of its pixels do not fit into registers.
 */
template <int Pixels, int Width, typename Finish>
[[gnu::noinline]] void convolvePixels(const Kernel &kernel, const KernelPanel &panel, const Map &in, int y,
                                      int x, const Finish &finish) {
  Vector sum[Pixels][Width];
  UNROLLED for (int p = 0; p < Pixels; p++)
    UNROLLED for (int w = 0; w < Width; w++) sum[p][w] = load(&kernel.bias[panel.start + w * kLanes]);
  const float *weights = &kernel.weights[panel.weights];
  for (const auto &tap : kernel.taps) {
    const float *from = in.at(y + tap.first, x + tap.second);
    int inputs = kernel.inputs;
    if (isCenter(tap)) {
      from += panel.from;
      inputs = panel.to - panel.from;
    }
    for (int k = 0; k < inputs; k++, weights += Width * kLanes) {
      Vector row[Width];
      UNROLLED for (int w = 0; w < Width; w++) row[w] = loadOnce(weights + w * kLanes);
      UNROLLED for (int p = 0; p < Pixels; p++) {
        const float value = from[p * in.pixel + k];
        UNROLLED for (int w = 0; w < Width; w++) sum[p][w] += value * row[w];
      }
    }
  }
  UNROLLED for (int p = 0; p < Pixels; p++)
    UNROLLED for (int w = 0; w < Width; w++) finish(y, x + p, panel.start + w * kLanes, sum[p][w]);
}

template <int Width, typename Finish>
void convolvePanel(const Kernel &kernel, const KernelPanel &panel, const Map &in, int height, int width,
                   const Finish &finish) {
  for (int y = 0; y < height; y++) {
    int x = 0;
    for (; x + kTileRows <= width; x += kTileRows)
      convolvePixels<kTileRows, Width>(kernel, panel, in, y, x, finish);
    for (; x + 4 <= width; x += 4) convolvePixels<4, Width>(kernel, panel, in, y, x, finish);
    for (; x < width; x++) convolvePixels<1, Width>(kernel, panel, in, y, x, finish);
  }
}

/**
 * Calls finish(y, x, channel, a vector of outputs from that channel on) for all pixels; `in` has
 * the border that the taps reach.
 */
template <typename Finish>
void convolve(const Kernel &kernel, const Map &in, int height, int width, const Finish &finish) {
  for (const KernelPanel &panel : kernel.panels) {
    if (panel.vectors == 2) convolvePanel<2>(kernel, panel, in, height, width, finish);
    else convolvePanel<1>(kernel, panel, in, height, width, finish);
  }
}

/** d where the activation of a ReLU is alive, else 0. */
inline Vector whereAlive(Vector d, Vector activation) { return activation > 0.0f ? d : Vector{}; }

/** The furthest that taps may lie apart or from the pixel. */
constexpr int kFurthest = 4096;

/** Whether the places of a map with its border can be counted with an int. */
inline bool countable(const Frame &frame) {
  const double height = static_cast<double>(frame.height) + frame.border.above + frame.border.below;
  return height * (static_cast<double>(frame.width) + 2.0 * frame.border.sides) * (frame.channels + kPair) <
         2147483647.0;
}

/** Images of one task: gradients of tasks are added up in their order, whatever the number of cores. */
constexpr int kTasks = 8;

/** Calls run(task, first image, image after the last). */
template <typename Run>
void shareImages(int batch, const Run &run) {
  const int tasks = std::min(kTasks, batch);
  inParallel(tasks, [&](int task) { run(task, task * batch / tasks, (task + 1) * batch / tasks); });
}
