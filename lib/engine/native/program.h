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
#include "pixelKernel.h"

/** Numbers of each image at the pixel in hand, or for the last rows of pixels. */
struct Buffer {
  int size, rows;
  /** In memory: [row modulo rows][column][image][size], then what stands for all pixels outside. */
  size_t start;
};

enum Kind { kConvolve = 0, kRectify = 1, kGate = 2, kRecur = 3, kAdd = 4 };

struct Instruction {
  int kind, in, out;
  /** Added to the result, from so many rows away; -1 for none. */
  int added, addedRows;
  bool rectified;
  /** Of a convolution: what it sees outside the image is a state, and not zero. */
  bool outside;
  /**
   * Of a recurrence: where its cells are, how far away the pixel is that hands on its cell, and whether
   * rows go from right to left.
   */
  int cells, cellRow, cellColumn;
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
  int width = 0, height = 0, count = 0, channels = 1, image = 0, logits = 0;
  std::vector<Buffer> buffers;
  std::vector<Instruction> rowSteps, pixelSteps;
  /** Behind the last number there is a vector more, so that whole vectors can be read. */
  Floats memory;

  size_t bytes() const {
    size_t bytes = memory.size() * sizeof(float);
    for (const auto &steps : {&rowSteps, &pixelSteps})
      for (const Instruction &step : *steps) bytes += step.kernel.bytes();
    return bytes;
  }

  /** Before the first pixel of each row. */
  void beginRow(int y) {
    for (const Instruction &step : rowSteps) {
      const int row = y + step.row;
      if (row < 0) continue;
      // Pixels side by side lie one after the other in memory, as images do. A class's share is the same at
      // every pixel, and lies there once.
      const auto once = [&](int buffer) { return buffer >= 0 && buffers[buffer].rows == 0; };
      if (step.kind == kConvolve && !once(step.in) && !once(step.out) && !once(step.added))
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
        // What lies above the image, or beside it, is zero, or the state that all images have there.
        const float *beyond = step.outside ? outside(step.in) : nullptr;
        if (y + tap.dy < 0) return {nullptr, 0, 0, beyond};
        const int column = buffers[step.in].rows == 0 ? 0 : x + tap.dx, place = column * count + first;
        const float *inputs = at(step.in, y + tap.dy, 0) + static_cast<ptrdiff_t>(place) * kernel.inputs;
        return {inputs, std::max(0, -place), std::min(some, width * count - place), beyond};
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

  /** Room for so many numbers. It stays: to shrink it and grow it again would write zeros each time. */
  static void reserve(Floats &room, size_t numbers) {
    if (room.size() < numbers) room.resize(numbers);
  }

  /** A tap's inputs, [rows, inputs]; rows before `from`, and from `until` on, have those beyond, or zeros. */
  struct Source {
    const float *inputs;
    int from, until;
    const float *beyond;
  };

  /** What rows see, side by side: [rows, stride]. @param sourceOf a tap */
  template <typename SourceOf>
  void gather(const PixelKernel &kernel, int rows, const SourceOf &sourceOf) {
    const int inputs = kernel.inputs;
    reserve(seen_, static_cast<size_t>(kGathered) * stride(kernel));
    float *to = seen_.data();
    for (const Tap &tap : kernel.taps) {
      const Source source = sourceOf(tap);
      const auto eachRow = [&](const auto &copy) {
        for (int row = 0; row < rows; row++)
          copy(to + row * stride(kernel), row < source.from || row >= source.until
                                              ? source.beyond
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

  /** Gates in `in`, and what the states of the neighbors give them; new cells and hidden states. */
  template <typename Vectors>
  void recur(const Instruction &step, int y, int x, int channel, const Vectors &vectors) {
    const int h = step.outputs;
    const bool alone = step.kernel.taps.empty();
    if (!alone) reserve(gates_, static_cast<size_t>(count) * 4 * h);
    const float *gates = alone ? at(step.in, y, x) : gates_.data();
    for (int first = 0; first < count && !alone; first += kGathered) {
      const int some = std::min(kGathered, count - first);
      gather(step.kernel, some, [&](const Tap &tap) -> Source {
        const float *states = atOrOutside(step.out, y + tap.dy, x + tap.dx);
        return {states + static_cast<size_t>(first) * h, 0, some, nullptr};
      });
      const size_t place = static_cast<size_t>(first) * 4 * h;
      multiply(step.kernel, false, seen_.data(), stride(step.kernel), some, at(step.in, y, x) + place,
               &gates_[place], channel);
    }
    const float *before = atOrOutside(step.cells, y + step.cellRow, x + step.cellColumn);
    float *cells = at(step.cells, y, x), *out = at(step.out, y, x);
    vectors([&](int b, int j, int n) {
      const float *gate = gates + static_cast<size_t>(b) * 4 * h + j;
      const LstmGates active = activated(loadSome(gate, n), loadSome(gate + h, n), loadSome(gate + 2 * h, n),
                                        loadSome(gate + 3 * h, n));
      const LstmState next = lstmStep(active, loadSome(before + b * h + j, n));
      storeSome(cells + b * h + j, next.cell, n);
      storeSome(out + b * h + j, next.hidden, n);
    });
  }

  Floats seen_, gates_;
};
