// A network in raster order as a list of instructions, which compute it one pixel at a time
// from what they remember of the pixels before. lib/engine/pixelProgram.ts makes such lists,
// and says what each instruction does.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cells.h"
#include "simd.h"

constexpr int kColumns = 2 * kLanes;

/** Numbers of each image at the pixel in hand, or for the last rows of pixels. */
struct Buffer {
  int size, rows;
  /** In memory: [row modulo rows][column][image][size], then what stands for all pixels outside. */
  size_t start;
};

struct Tap {
  int index, dy, dx;
};

enum Kind { kConvolve = 0, kRectify = 1, kGate = 2, kRecur = 3, kAdd = 4 };

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
  std::vector<float> weights, bias;
  std::vector<Panel> panels;
  /** The panels of channel c are those from channels[c] on, up to channels[c + 1]. */
  std::vector<int> channels;

  int length() const { return static_cast<int>(taps.size()) * inputs; }

  /**
   * @param from [taps, inputs, outputs], of which only the given taps are kept; @param bias [outputs]
   * @param count of channels; each has an equal share of each of so many parts of the outputs
   */
  static PixelKernel of(const std::vector<Tap> &taps, int inputs, int outputs, const float *from,
                        const float *bias, int count, int parts) {
    PixelKernel kernel = {taps, inputs, outputs, {}, {}, {}, {0}};
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
    while (used > 0 && std::all_of(row(used - 1), row(used - 1) + count, isHidden)) used--;
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

struct Instruction {
  int kind, in, out;
  /** Added to the result, from so many rows away; -1 for none. */
  int added, addedRows;
  bool rectified;
  /**
   * Of a recurrence: where its cells are, which of the taps hands on its cell, and
   * whether rows go from right to left.
   */
  int cells, cellTap;
  bool leftwards;
  /** Which row it is for: 0 the one in hand, -1 the one before. */
  int row;
  /** Of the result, for each image. */
  int outputs;
  PixelKernel kernel;
};

/** All channels of a pixel at once. */
constexpr int kAllChannels = -1;

/** The program with its memory, for some images side by side. */
class Program {
 public:
  int width = 0, height = 0, count = 0, channels = 1, image = 0, logits = 0;
  std::vector<Buffer> buffers;
  std::vector<Instruction> rowSteps, pixelSteps;
  /** Behind the last number there is a vector more, so that whole vectors can be read. */
  std::vector<float> memory;

  /** Before the first pixel of each row. */
  void beginRow(int y) {
    for (const Instruction &step : rowSteps) {
      const int row = y + step.row;
      if (row < 0) continue;
      // Pixels side by side lie one after the other in memory, as images do. A class's share is the same at
      // every pixel, and lies there once.
      const bool once = step.added >= 0 && buffers[step.added].rows == 0;
      if (step.kind == kConvolve && buffers[step.out].rows > 0 && !once)
        convolve(step, row, 0, width, kAllChannels);
      else if (step.leftwards) for (int x = width - 1; x >= 0; x--) run(step, row, x, kAllChannels);
      else for (int x = 0; x < width; x++) run(step, row, x, kAllChannels);
    }
  }

  /** The logits of a channel of pixel (y, x). @returns [count, outputs of the last step] */
  const float *pixel(int y, int x, int channel) {
    for (const Instruction &step : pixelSteps) run(step, y, x, channel);
    return at(logits, y, x);
  }

  float *at(int buffer, int y, int x) {
    const Buffer &b = buffers[buffer];
    const size_t slot = b.rows == 0 ? 0 : static_cast<size_t>(y % b.rows) * width + x;
    return &memory[b.start + slot * count * b.size];
  }

 private:
  bool inside(int y, int x) const { return y >= 0 && x >= 0 && x < width; }
  float *outside(int buffer) {
    const Buffer &b = buffers[buffer];
    return &memory[b.start + static_cast<size_t>(b.rows) * width * count * b.size];
  }
  float *atOrOutside(int buffer, int y, int x) { return inside(y, x) ? at(buffer, y, x) : outside(buffer); }

  void run(const Instruction &step, int y, int x, int channel) {
    const int size = step.outputs, share = channel < 0 ? size : size / channels;
    const int first = channel < 0 ? 0 : channel * share;
    float *out = at(step.out, y, x);
    const float *from = at(step.in, y, x);
    // Calls each(image, from which output on, how many there are) for vectors of those outputs.
    const auto vectors = [&](const auto &each) {
      for (int b = 0; b < count; b++)
        for (int j = first; j < first + share; j += kLanes) each(b, j, first + share - j);
    };
    // The same where images lie side by side as outputs do.
    const auto flat = [&](const auto &each) {
      if (share < size) return vectors(each);
      for (int i = 0; i < count * size; i += kLanes) each(0, i, count * size - i);
    };
    switch (step.kind) {
      case kConvolve: return convolve(step, y, x, 1, channel);
      case kRectify:
        return flat([&](int b, int j, int n) {
          storeSome(out + b * size + j, positive(loadSome(from + b * size + j, n)), n);
        });
      case kGate:
        return vectors([&](int b, int j, int n) {
          const float *a = from + 2 * b * size + j;
          storeSome(out + b * size + j, gateOf(loadSome(a, n), loadSome(a + size, n)), n);
        });
      case kRecur: return recur(step, y, x, channel, vectors);
      default: {
        const float *added = addedAt(step, y, x);
        return flat([&](int b, int j, int n) {
          const Vector v = loadSome(from + b * size + j, n);
          storeSome(out + b * size + j, added == nullptr ? v : v + loadSome(added + b * size + j, n), n);
        });
      }
    }
  }

  const float *addedAt(const Instruction &step, int y, int x) {
    return step.added < 0 || y + step.addedRows < 0 ? nullptr : at(step.added, y + step.addedRows, x);
  }

  /** So many pixels of a row, of all images. */
  void convolve(const Instruction &step, int y, int x, int pixels, int channel) {
    const PixelKernel &kernel = step.kernel;
    const int rows = pixels * count;
    const float *added = addedAt(step, y, x);
    float *out = at(step.out, y, x);
    if (kernel.taps.size() == 1 && kernel.taps[0].dy == 0 && kernel.taps[0].dx == 0)
      return multiply(kernel, step.rectified, at(step.in, y, x), kernel.inputs, rows, added, out, channel);
    for (int first = 0; first < rows; first += kGathered) {
      const int some = std::min(kGathered, rows - first);
      gather(kernel, some, [&](const Tap &tap) -> Source {
        if (y + tap.dy < 0) return {nullptr, 0, 0};
        // What lies left of the image, or right of it, is zero.
        const int column = buffers[step.in].rows == 0 ? 0 : x + tap.dx, place = column * count + first;
        const float *inputs = at(step.in, y + tap.dy, 0) + static_cast<ptrdiff_t>(place) * kernel.inputs;
        return {inputs, std::max(0, -place), std::min(some, width * count - place)};
      });
      const size_t place = static_cast<size_t>(first) * kernel.outputs;
      multiply(kernel, step.rectified, seen_.data(), stride(kernel), some,
               added == nullptr ? nullptr : added + place, out + place, channel);
    }
  }

  /** Pixels, or images, whose inputs are put side by side together. */
  static constexpr int kGathered = 4 * kTileRows;
  /** Numbers from one of them to the next: whole vectors are copied, so there is one to spare. */
  static int stride(const PixelKernel &kernel) { return kernel.length() + kLanes; }

  /** A tap's inputs, [rows, inputs]; rows before `from`, and from `until` on, have none. */
  struct Source {
    const float *inputs;
    int from, until;
  };

  /** What rows see, side by side: [rows, stride], zeros where a tap has none. @param sourceOf a tap */
  template <typename SourceOf>
  void gather(const PixelKernel &kernel, int rows, const SourceOf &sourceOf) {
    const int inputs = kernel.inputs;
    seen_.resize(static_cast<size_t>(kGathered) * stride(kernel));
    float *to = seen_.data();
    for (const Tap &tap : kernel.taps) {
      const Source source = sourceOf(tap);
      const auto eachRow = [&](const auto &copy) {
        for (int row = 0; row < rows; row++)
          copy(to + row * stride(kernel), row < source.from || row >= source.until
                                              ? nullptr
                                              : source.inputs + static_cast<size_t>(row) * inputs);
      };
      if (inputs < kLanes)
        eachRow([&](float *there, const float *here) {
          for (int i = 0; i < inputs; i++) there[i] = here == nullptr ? 0 : here[i];
        });
      else
        eachRow([&](float *there, const float *here) {
          for (int i = 0; i < inputs; i += kLanes)
            store(there + i, here == nullptr ? Vector{} : load(here + i));
        });
      to += inputs;
    }
  }

  /** Of a channel: out [rows, outputs] = activation(values [rows, stride] · weights + bias + added). */
  void multiply(const PixelKernel &kernel, bool rectified, const float *values, int stride, int rows,
                const float *added, float *out, int channel) {
    const int first = channel < 0 ? 0 : kernel.channels[channel];
    const int last = channel < 0 ? static_cast<int>(kernel.panels.size()) : kernel.channels[channel + 1];
    for (int k = first; k < last; k++) {
      const Panel &panel = kernel.panels[k];
      const Factors factors = {&kernel.weights[panel.weights], &kernel.bias[panel.bias], values, stride,
                               added, out, kernel.outputs, rectified};
      if (panel.vectors == 1) tiles<1>(panel, factors, rows);
      else tiles<2>(panel, factors, rows);
    }
  }

  struct Factors {
    const float *weights, *bias, *values;
    int stride;
    const float *added;
    float *out;
    int outputs;
    bool rectified;
  };

  template <int Width>
  static void tiles(const Panel &panel, const Factors &factors, int rows) {
    int row = 0;
    for (; row + kTileRows <= rows; row += kTileRows) tile<kTileRows, Width>(panel, factors, row);
    for (; row + 4 <= rows; row += 4) tile<4, Width>(panel, factors, row);
    for (; row < rows; row++) tile<1, Width>(panel, factors, row);
  }

  /**
   * Each sum has two halves, added at the end. One row takes both at a time, to keep the processor busy;
   * several rows take one after the other. All add the same numbers in the same order: an image does not
   * depend on how many others there are.
   */
  template <int Rows, int Width>
  static void tile(const Panel &panel, const Factors &factors, int row) {
    const int half = panel.length / 2;
    const float *values = factors.values + static_cast<size_t>(row) * factors.stride;
    Vector total[Rows][Width], second[Rows][Width] = {};
    UNROLLED for (int r = 0; r < Rows; r++)
      UNROLLED for (int w = 0; w < Width; w++) total[r][w] = load(factors.bias + w * kLanes);
    if (Rows == 1) {
      for (int k = 0; k < half; k++) {
        addRow<Rows, Width>(factors, values, k, total);
        addRow<Rows, Width>(factors, values, half + k, second);
      }
    } else {
      for (int k = 0; k < half; k++) addRow<Rows, Width>(factors, values, k, total);
      for (int k = half; k < 2 * half; k++) addRow<Rows, Width>(factors, values, k, second);
    }
    if (2 * half < panel.length) addRow<Rows, Width>(factors, values, 2 * half, second);
    UNROLLED for (int r = 0; r < Rows; r++)
      UNROLLED for (int w = 0; w < Width; w++) {
        const size_t place = static_cast<size_t>(row + r) * factors.outputs + panel.start + w * kLanes;
        const int n = panel.outputs - w * kLanes;
        Vector sum = total[r][w] + second[r][w];
        if (factors.added != nullptr) sum += loadSome(factors.added + place, n);
        storeSome(factors.out + place, factors.rectified ? positive(sum) : sum, n);
      }
  }

  /** The k-th number that each row sees, times its weights. */
  template <int Rows, int Width>
  static void addRow(const Factors &factors, const float *values, int k, Vector (&sum)[Rows][Width]) {
    Vector weights[Width];
    const float *from = factors.weights + k * Width * kLanes;
    UNROLLED for (int w = 0; w < Width; w++) weights[w] = loadOnce<Rows>(from + w * kLanes);
    UNROLLED for (int r = 0; r < Rows; r++)
      UNROLLED for (int w = 0; w < Width; w++) sum[r][w] += values[r * factors.stride + k] * weights[w];
  }

  /** Gates in `in`, and what the states of the neighbors give them; new cells and hidden states. */
  template <typename Vectors>
  void recur(const Instruction &step, int y, int x, int channel, const Vectors &vectors) {
    const int h = step.outputs;
    gates_.resize(static_cast<size_t>(count) * 4 * h);
    for (int first = 0; first < count; first += kGathered) {
      const int some = std::min(kGathered, count - first);
      gather(step.kernel, some, [&](const Tap &tap) -> Source {
        return {atOrOutside(step.out, y + tap.dy, x + tap.dx) + static_cast<size_t>(first) * h, 0, some};
      });
      const size_t place = static_cast<size_t>(first) * 4 * h;
      multiply(step.kernel, false, seen_.data(), stride(step.kernel), some, at(step.in, y, x) + place,
               &gates_[place], channel);
    }
    const Tap &from = step.kernel.taps[step.cellTap];
    const float *before = atOrOutside(step.cells, y + from.dy, x + from.dx);
    float *cells = at(step.cells, y, x), *out = at(step.out, y, x);
    vectors([&](int b, int j, int n) {
      const float *gate = &gates_[static_cast<size_t>(b) * 4 * h + j];
      const LstmGates gates = activated(loadSome(gate, n), loadSome(gate + h, n), loadSome(gate + 2 * h, n),
                                        loadSome(gate + 3 * h, n));
      const LstmState next = lstmStep(gates, loadSome(before + b * h + j, n));
      storeSome(cells + b * h + j, next.cell, n);
      storeSome(out + b * h + j, next.hidden, n);
    });
  }

  std::vector<float> seen_, gates_;
};
