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

/**
 * A kernel with its weights in the order in which they are used:
 * [pairs of vectors of outputs][tap][input][pair].
 */
struct PixelKernel {
  std::vector<Tap> taps;
  int inputs = 0, outputs = 0;
  std::vector<float> weights, bias;

  /** @param from [taps, inputs, outputs], of which only the given taps are kept; @param bias [outputs] */
  static PixelKernel of(const std::vector<Tap> &taps, int inputs, int outputs, const float *from,
                        const float *bias) {
    const int columns = (outputs + kColumns - 1) / kColumns * kColumns;
    PixelKernel kernel = {taps, inputs, outputs, std::vector<float>(taps.size() * inputs * columns),
                          std::vector<float>(columns)};
    float *to = kernel.weights.data();
    for (int column = 0; column < columns; column += kColumns)
      for (Tap &tap : kernel.taps)
        for (int i = 0; i < inputs; i++, to += kColumns)
          std::copy_n(from + (static_cast<size_t>(tap.index) * inputs + i) * outputs + column,
                      std::min(kColumns, outputs - column), to);
    for (size_t k = 0; k < taps.size(); k++) kernel.taps[k].index = static_cast<int>(k);
    std::copy_n(bias, outputs, kernel.bias.begin());
    return kernel;
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

/** The program with its memory, for some images side by side. */
class Program {
 public:
  int width = 0, height = 0, count = 0, image = 0, logits = 0;
  std::vector<Buffer> buffers;
  std::vector<Instruction> rowSteps, pixelSteps;
  std::vector<float> memory;

  /** Before the first pixel of each row. */
  void beginRow(int y) {
    for (const Instruction &step : rowSteps) {
      const int row = y + step.row;
      if (row < 0) continue;
      if (step.kind == kConvolve) convolveRow(step, row);
      else if (step.leftwards) for (int x = width - 1; x >= 0; x--) run(step, row, x, 0, step.outputs);
      else for (int x = 0; x < width; x++) run(step, row, x, 0, step.outputs);
    }
  }

  /**
   * The logits of pixel (y, x), those from the first on up to the last. @returns
   * [count, outputs of the last step]
   */
  const float *pixel(int y, int x, int first, int last) {
    for (size_t k = 0; k < pixelSteps.size(); k++) {
      const bool final = k + 1 == pixelSteps.size();
      run(pixelSteps[k], y, x, final ? first : 0, final ? last : pixelSteps[k].outputs);
    }
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

  void run(const Instruction &step, int y, int x, int first, int last) {
    const int n = count * step.outputs;
    float *out = at(step.out, y, x);
    switch (step.kind) {
      case kConvolve:
        return convolve(step.kernel, step.rectified, seen(step, y, x), count, addedAt(step, y, x), out, first,
                        last);
      case kRectify: {
        const float *from = at(step.in, y, x);
        for (int i = 0; i < n; i += kLanes) {
          const Vector v = loadSome(from + i, n - i);
          storeSome(out + i, positive(v), n - i);
        }
        return;
      }
      case kGate: {
        const float *from = at(step.in, y, x);
        const int f = step.outputs;
        for (int b = 0; b < count; b++)
          for (int j = 0; j < f; j += kLanes) {
            const float *a = from + 2 * b * f + j;
            storeSome(out + b * f + j, gateOf(loadSome(a, f - j), loadSome(a + f, f - j)), f - j);
          }
        return;
      }
      case kRecur: return recur(step, y, x, out);
      default: {
        const float *from = at(step.in, y, x), *added = addedAt(step, y, x);
        for (int i = 0; i < n; i += kLanes)
          storeSome(out + i,
                    added == nullptr ? loadSome(from + i, n - i)
                                     : loadSome(from + i, n - i) + loadSome(added + i, n - i),
                    n - i);
      }
    }
  }

  const float *addedAt(const Instruction &step, int y, int x) {
    return step.added < 0 || y + step.addedRows < 0 ? nullptr : at(step.added, y + step.addedRows, x);
  }

  struct Seen {
    const float *weights, *from;
  };

  static const float *weightsOf(const PixelKernel &kernel, int tap) {
    return kernel.weights.data() + static_cast<size_t>(tap) * kernel.inputs * kColumns;
  }

  /** The taps that pixel (y, x) sees, with their inputs. */
  const std::vector<Seen> &seen(const Instruction &step, int y, int x) {
    seen_.clear();
    for (const auto &[index, dy, dx] : step.kernel.taps)
      if (inside(y + dy, x + dx))
        seen_.push_back({weightsOf(step.kernel, index), at(step.in, y + dy, x + dx)});
    return seen_;
  }

  /**
   * A whole row: pixels side by side that see the same taps lie one after the other in memory, as images do.
   */
  void convolveRow(const Instruction &step, int y) {
    const auto sameTaps = [&](int x, int other) {
      for (const Tap &tap : step.kernel.taps)
        if (inside(y + tap.dy, x + tap.dx) != inside(y + tap.dy, other + tap.dx)) return false;
      return true;
    };
    for (int x = 0; x < width;) {
      int end = x + 1;
      while (end < width && sameTaps(x, end)) end++;
      // A class's share is the same at every pixel, and lies there once.
      const bool once = step.added >= 0 && buffers[step.added].rows == 0;
      if (buffers[step.out].rows == 0 || once) end = x + 1;
      convolve(step.kernel, step.rectified, seen(step, y, x), (end - x) * count, addedAt(step, y, x),
               at(step.out, y, x), 0, step.outputs);
      x = end;
    }
  }

  /**
   * rows images, or pixels of images, side by side; outputs from the pair of
   * vectors of `first` on up to `last`.
   */
  void convolve(const PixelKernel &kernel, bool rectified, const std::vector<Seen> &taps, int rows,
                const float *added, float *out, int first, int last) {
    for (int column = first / kColumns * kColumns; column < last; column += kColumns) {
      int row = 0;
      for (; row + kTileRows <= rows; row += kTileRows)
        tile<kTileRows, 1>(kernel, rectified, taps, row, column, added, out);
      for (; row + 4 <= rows; row += 4) tile<4, 1>(kernel, rectified, taps, row, column, added, out);
      for (; row < rows; row++) tile<1, 4>(kernel, rectified, taps, row, column, added, out);
    }
  }

  /**
   * Sums stay in registers from the first tap to the last; one row alone has several for each
   * output, to keep the processor busy.
   */
  template <int Rows, int Split>
  void tile(const PixelKernel &kernel, bool rectified, const std::vector<Seen> &taps, int row, int column,
            const float *added, float *out) {
    const int inputs = kernel.inputs, outputs = kernel.outputs;
    const size_t block = static_cast<size_t>(column) * kernel.taps.size() * inputs;
    Vector sum[Rows * Split][2] = {};
    for (int r = 0; r < Rows; r++)
      for (int w = 0; w < 2; w++) sum[r * Split][w] = load(&kernel.bias[column + w * kLanes]);
    for (const Seen &tap : taps) {
      const float *from = tap.from + static_cast<size_t>(row) * inputs, *weights = tap.weights + block;
      int i = 0;
      for (; i + Split <= inputs; i += Split)
        for (int k = 0; k < Split; k++, weights += kColumns) {
          const Vector a = loadOnce<Rows>(weights), b = loadOnce<Rows>(weights + kLanes);
          for (int r = 0; r < Rows; r++) {
            const float value = from[r * inputs + i + k];
            sum[r * Split + k][0] += value * a;
            sum[r * Split + k][1] += value * b;
          }
        }
      for (; i < inputs; i++, weights += kColumns)
        for (int r = 0; r < Rows; r++) {
          sum[r * Split][0] += from[r * inputs + i] * load(weights);
          sum[r * Split][1] += from[r * inputs + i] * load(weights + kLanes);
        }
    }
    for (int r = 0; r < Rows; r++)
      for (int w = 0; w < 2; w++) {
        const int start = column + w * kLanes, n = outputs - start;
        if (n <= 0) continue;
        Vector total = sum[r * Split][w];
        for (int k = 1; k < Split; k++) total += sum[r * Split + k][w];
        const size_t place = static_cast<size_t>(row + r) * outputs + start;
        if (added != nullptr) total += loadSome(added + place, n);
        storeSome(out + place, rectified ? positive(total) : total, n);
      }
  }

  /** Gates in `in`, and what the states of the neighbors give them; new cells and hidden states. */
  void recur(const Instruction &step, int y, int x, float *out) {
    const int h = step.outputs;
    gates_.resize(static_cast<size_t>(count) * 4 * h);
    seen_.clear();
    for (const auto &[index, dy, dx] : step.kernel.taps)
      seen_.push_back({weightsOf(step.kernel, index), atOrOutside(step.out, y + dy, x + dx)});
    convolve(step.kernel, false, seen_, count, at(step.in, y, x), gates_.data(), 0, 4 * h);
    const Tap &from = step.kernel.taps[step.cellTap];
    const float *before = atOrOutside(step.cells, y + from.dy, x + from.dx);
    float *cells = at(step.cells, y, x);
    for (int b = 0; b < count; b++)
      for (int j = 0; j < h; j += kLanes) {
        const float *gate = &gates_[static_cast<size_t>(b) * 4 * h + j];
        const int n = h - j;
        const LstmGates gates = activated(loadSome(gate, n), loadSome(gate + h, n), loadSome(gate + 2 * h, n),
                                          loadSome(gate + 3 * h, n));
        const LstmState next = lstmStep(gates, loadSome(before + b * h + j, n));
        storeSome(cells + b * h + j, next.cell, n);
        storeSome(out + b * h + j, next.hidden, n);
      }
  }

  std::vector<Seen> seen_;
  std::vector<float> gates_;
};
