// The recurrence of Row LSTM and of the Diagonal BiLSTM (van den Oord et al. 2016a, equations 1 to 3)
// and its gradient. A pixel's state depends on the states of a few neighbors before it, so that images
// are scanned pixel by pixel, several side by side: nothing is skewed, padded or copied, and the
// weights stay in the nearest cache.
#pragma once
#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "cells.h"
#include "operations.h"

/** Where the states come from: offsets in rows and columns, all before the pixel in the order of the scan. */
struct Neighbors {
  std::vector<int32_t> rows, columns;
  /** Which of them the cell comes from. */
  int32_t cell = 0;
  /** Whether rows are scanned from right to left. */
  bool leftwards = false;
  Neighbors(Complaints &complaints, const std::vector<int32_t> &rows, const std::vector<int32_t> &columns,
            int32_t cell)
      : rows(rows), columns(columns), cell(cell) {
    if (!complaints.require(!rows.empty() && rows.size() == columns.size(),
                            "rows and columns must be as many, and at least one"))
      return;
    complaints.require(cell >= 0 && cell < count(), "the cell must come from one of the neighbors");
    for (int tap = 0; tap < count(); tap++)
      if (rows[tap] == 0 && columns[tap] > 0) leftwards = true;
    for (int tap = 0; tap < count(); tap++)
      complaints.require(
          rows[tap] < 0 || (rows[tap] == 0 && (leftwards ? columns[tap] > 0 : columns[tap] < 0)),
          "all neighbors must come before the pixel in the order of the scan");
  }
  int count() const { return static_cast<int>(rows.size()); }
};

struct Sizes {
  int batch, height, width, hidden;
  int pixels() const { return height * width; }
  /** Of the hidden features, in whole vectors. */
  int lanes() const { return padded(hidden); }
  /** Whether all places of a group of images can be counted with an int. */
  bool countable() const { return 4.0 * kImages * height * width * (hidden + kLanes) < 2147483647.0; }
};

/** Visits all pixels in the order of the scan, or backwards. */
template <typename Visit>
void scan(const Sizes &size, bool leftwards, bool backwards, const Visit &visit) {
  for (int i = 0; i < size.height; i++) {
    const int y = backwards ? size.height - 1 - i : i;
    for (int j = 0; j < size.width; j++) visit(y, leftwards != backwards ? size.width - 1 - j : j);
  }
}

/** The place of a neighbor, or -1 outside the image, where the state is the initial one. */
inline int placeOf(const Sizes &size, const Neighbors &neighbors, int tap, int y, int x) {
  const int row = y + neighbors.rows[tap], column = x + neighbors.columns[tap];
  const bool inside = row >= 0 && row < size.height && column >= 0 && column < size.width;
  return inside ? row * size.width + column : -1;
}

/** [taps, hidden, 4 hidden] to [taps * lanes, 4 lanes], zeros in between. */
inline Floats pack(const Sizes &size, int taps, const float *kernel) {
  const int h = size.hidden, lanes = size.lanes();
  Floats packed(static_cast<size_t>(taps) * lanes * 4 * lanes);
  for (int tap = 0; tap < taps; tap++)
    for (int k = 0; k < h; k++)
      for (int gate = 0; gate < 4; gate++)
        std::memcpy(&packed[((tap * lanes + k) * 4 + gate) * lanes], kernel + ((tap * h + k) * 4 + gate) * h,
                    h * sizeof(float));
  return packed;
}

inline Floats transposed(int rows, int columns, const Floats &matrix) {
  Floats result(matrix.size());
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) result[c * rows + r] = matrix[r * columns + c];
  return result;
}

/** n numbers, then zeros up to a whole vector; a copy of any length is a call. */
inline void copyPadded(int n, const float *from, float *to) {
  for (int j = 0; j < n; j += kLanes) store(to + j, loadSome(from + j, n - j));
}

/** The hidden states of the neighbors side by side, [Rows, taps * lanes]. */
template <int Rows>
void gather(const Sizes &size, const Neighbors &neighbors, int y, int x, const float *hidden,
            const float *initial, float *into) {
  const int lanes = size.lanes();
  for (int tap = 0; tap < neighbors.count(); tap++) {
    const int place = placeOf(size, neighbors, tap, y, x);
    for (int r = 0; r < Rows; r++) {
      const float *from = place < 0 ? initial : hidden + (r * size.pixels() + place) * size.hidden;
      float *to = into + (r * neighbors.count() + tap) * lanes;
      copyPadded(size.hidden, from, to);
    }
  }
}

/** The recurrence over images that lie one after the other; pointers are to the first of them. */
struct Forward {
  Sizes size;
  const Neighbors &neighbors;
  const float *gates, *initialHidden, *initialCell;
  /** [taps * lanes, 4 lanes]. */
  const Floats &kernel;
  float *hidden, *cell;
  /** For the gradient, or null. */
  float *activations;

  /** Rows images side by side. */
  template <int Rows>
  void run() const {
    const int h = size.hidden, lanes = size.lanes(), taps = neighbors.count(), pixels = size.pixels();
    Floats before(Rows * taps * lanes), sums(Rows * 4 * lanes);
    scan(size, neighbors.leftwards, false, [&](int y, int x) {
      const int place = y * size.width + x;
      gather<Rows>(size, neighbors, y, x, hidden, initialHidden, before.data());
      for (int r = 0; r < Rows; r++)
        for (int gate = 0; gate < 4; gate++)
          copyPadded(h, gates + ((r * pixels + place) * 4 + gate) * h, &sums[(r * 4 + gate) * lanes]);
      addProduct<Rows>(taps * lanes, before.data(), taps * lanes, kernel.data(), 4 * lanes, sums.data());
      const int cellPlace = placeOf(size, neighbors, neighbors.cell, y, x);
      for (int r = 0; r < Rows; r++) {
        const float *cellBefore = cellPlace < 0 ? initialCell : cell + (r * pixels + cellPlace) * h;
        for (int j = 0; j < h; j += kLanes) {
          const float *sum = &sums[r * 4 * lanes + j];
          const LstmGates parted =
              activated(load(sum), load(sum + lanes), load(sum + 2 * lanes), load(sum + 3 * lanes));
          const LstmState next = lstmStep(parted, loadSome(cellBefore + j, h - j));
          const size_t at = static_cast<size_t>(r) * pixels + place;
          storeSome(cell + at * h + j, next.cell, h - j);
          storeSome(hidden + at * h + j, next.hidden, h - j);
          const Vector parts[4] = {parted.o, parted.f, parted.i, parted.g};
          for (int gate = 0; gate < 4 && activations != nullptr; gate++)
            storeSome(activations + (at * 4 + gate) * h + j, parts[gate], h - j);
        }
      }
    });
  }
};

/**
 * Gradients of what the recurrence has learned, of one group of images; groups are added up in their order,
 * whatever the number of threads.
 */
struct ScanSums {
  int hidden, lanes, taps;
  Floats kernel, initialHidden, initialCell;
  ScanSums(const Sizes &size, int taps)
      : hidden(size.hidden),
        lanes(size.lanes()),
        taps(taps),
        kernel(static_cast<size_t>(taps) * lanes * 4 * lanes),
        initialHidden(lanes),
        initialCell(lanes) {}

  void add(const ScanSums &other) {
    for (size_t i = 0; i < kernel.size(); i++) kernel[i] += other.kernel[i];
    for (int j = 0; j < lanes; j++)
      initialHidden[j] += other.initialHidden[j], initialCell[j] += other.initialCell[j];
  }

  /** @param to [taps, h, 4 h]; @param toHidden, toCell [h] */
  void write(float *to, float *toHidden, float *toCell) const {
    for (int tap = 0; tap < taps; tap++)
      for (int k = 0; k < hidden; k++)
        for (int gate = 0; gate < 4; gate++)
          std::memcpy(to + ((tap * hidden + k) * 4 + gate) * hidden,
                      &kernel[((tap * lanes + k) * 4 + gate) * lanes], hidden * sizeof(float));
    std::memcpy(toHidden, initialHidden.data(), hidden * sizeof(float));
    std::memcpy(toCell, initialCell.data(), hidden * sizeof(float));
  }
};

/** Its gradient, likewise. */
struct Backward {
  Sizes size;
  const Neighbors &neighbors;
  const float *dHidden, *hidden, *cell, *activations, *initialHidden, *initialCell;
  /** [4 lanes, taps * lanes]. */
  const Floats &kernel;
  float *dGates;

  template <int Rows>
  void run(ScanSums &sums) const {
    const int h = size.hidden, lanes = size.lanes(), taps = neighbors.count(), pixels = size.pixels();
    // What the pixels after each one ask of its state, and what is asked of its output.
    Floats dState(static_cast<size_t>(Rows) * pixels * lanes), dCell(dState.size());
    for (int i = 0; i < Rows * pixels; i++)
      copyPadded(h, dHidden + static_cast<size_t>(i) * h, &dState[i * lanes]);
    // Of a whole row: what it gives to the gradient of the kernel is one product.
    Floats rowBefore(size.width * Rows * taps * lanes), rowSums(size.width * Rows * 4 * lanes);
    Floats dBefore(Rows * taps * lanes);
    int seen = 0;
    scan(size, neighbors.leftwards, true, [&](int y, int x) {
      const int place = y * size.width + x;
      float *before = &rowBefore[seen * Rows * taps * lanes], *dSums = &rowSums[seen * Rows * 4 * lanes];
      const int cellPlace = placeOf(size, neighbors, neighbors.cell, y, x);
      for (int r = 0; r < Rows; r++) {
        const size_t at = static_cast<size_t>(r) * pixels + place;
        const float *cellBefore = cellPlace < 0 ? initialCell : cell + (r * pixels + cellPlace) * h;
        float *dCellBefore =
            cellPlace < 0 ? sums.initialCell.data() : &dCell[(r * pixels + cellPlace) * lanes];
        for (int j = 0; j < h; j += kLanes) {
          const int n = h - j;
          const float *parts = activations + at * 4 * h + j;
          const LstmGates gates = {loadSome(parts, n), loadSome(parts + h, n), loadSome(parts + 2 * h, n),
                                   loadSome(parts + 3 * h, n)};
          const LstmGradient back =
              lstmGradient(gates, loadSome(cellBefore + j, n), loadSome(cell + at * h + j, n),
                           load(&dCell[at * lanes + j]), load(&dState[at * lanes + j]));
          const Vector d[4] = {back.gates.o, back.gates.f, back.gates.i, back.gates.g};
          store(dCellBefore + j, load(dCellBefore + j) + back.cellBefore);
          for (int gate = 0; gate < 4; gate++) {
            store(dSums + (r * 4 + gate) * lanes + j, d[gate]);
            storeSome(dGates + (at * 4 + gate) * h + j, d[gate], n);
          }
        }
      }
      gather<Rows>(size, neighbors, y, x, hidden, initialHidden, before);
      if (++seen == size.width) {
        addOuterProduct(seen * Rows, taps * lanes, rowBefore.data(), rowSums.data(), 4 * lanes,
                        sums.kernel.data());
        seen = 0;
      }
      std::fill(dBefore.begin(), dBefore.end(), 0.0f);
      addProduct<Rows>(4 * lanes, dSums, 4 * lanes, kernel.data(), taps * lanes, dBefore.data());
      for (int tap = 0; tap < taps; tap++) {
        const int neighbor = placeOf(size, neighbors, tap, y, x);
        for (int r = 0; r < Rows; r++) {
          float *into = neighbor < 0 ? sums.initialHidden.data() : &dState[(r * pixels + neighbor) * lanes];
          for (int j = 0; j < lanes; j += kLanes)
            store(into + j, load(into + j) + load(&dBefore[(r * taps + tap) * lanes + j]));
        }
      }
    });
  }
};

inline int groupsOf(int batch) { return (batch + kImages - 1) / kImages; }

/** Calls run with the number of images of each group as a constant. */
template <typename Run>
void inGroups(int batch, const Run &run) {
  inParallel(groupsOf(batch), [&](int group) {
    const int first = group * kImages;
    switch (std::min(kImages, batch - first)) {
      case 1: return run(std::integral_constant<int, 1>(), group, first);
      case 2: return run(std::integral_constant<int, 2>(), group, first);
      case 3: return run(std::integral_constant<int, 3>(), group, first);
      default: return run(std::integral_constant<int, kImages>(), group, first);
    }
  });
}
