// The recurrence of Row LSTM and of the Diagonal BiLSTM (van den Oord et al. 2016a, equations 1 to 3) as two operations of
// the TensorFlow runtime. A pixel's state depends on the states of a few neighbours before it, so that images are scanned pixel
// by pixel, several side by side: nothing is skewed, padded or copied, and the weights stay in the nearest cache.
// lib/layers/lstmScan.ts has the portable twin, in operations of tfjs.
#include <algorithm>
#include <vector>

#include "operations.h"
#include "simd.h"

namespace {

/** Where the states come from: offsets in rows and columns, all before the pixel in the order of the scan. */
struct Neighbours {
  std::vector<int32_t> rows, columns;
  /** Which of them the cell comes from. */
  int32_t cell = 0;
  /** Whether rows are scanned from right to left. */
  bool leftwards = false;
  int count() const { return static_cast<int>(rows.size()); }
};

struct Sizes {
  int batch, height, width, hidden;
  int pixels() const { return height * width; }
  /** Of the hidden features, in whole vectors. */
  int lanes() const { return padded(hidden); }
};

/** Visits all pixels in the order of the scan, or backwards. */
template <typename Visit>
void scan(const Sizes &size, bool leftwards, bool backwards, const Visit &visit) {
  for (int i = 0; i < size.height; i++) {
    const int y = backwards ? size.height - 1 - i : i;
    for (int j = 0; j < size.width; j++) visit(y, leftwards != backwards ? size.width - 1 - j : j);
  }
}

/** The place of a neighbour, or -1 outside the image, where the state is the initial one. */
int placeOf(const Sizes &size, const Neighbours &neighbours, int tap, int y, int x) {
  const int row = y + neighbours.rows[tap], column = x + neighbours.columns[tap];
  const bool inside = row >= 0 && row < size.height && column >= 0 && column < size.width;
  return inside ? row * size.width + column : -1;
}

/** [taps, hidden, 4 hidden] to [taps * lanes, 4 lanes], zeros in between. */
std::vector<float> pack(const Sizes &size, int taps, const float *kernel) {
  const int h = size.hidden, lanes = size.lanes();
  std::vector<float> packed(static_cast<size_t>(taps) * lanes * 4 * lanes);
  for (int tap = 0; tap < taps; tap++)
    for (int k = 0; k < h; k++)
      for (int gate = 0; gate < 4; gate++)
        std::memcpy(&packed[((tap * lanes + k) * 4 + gate) * lanes], kernel + ((tap * h + k) * 4 + gate) * h,
                    h * sizeof(float));
  return packed;
}

std::vector<float> transposed(int rows, int columns, const std::vector<float> &matrix) {
  std::vector<float> result(matrix.size());
  for (int r = 0; r < rows; r++)
    for (int c = 0; c < columns; c++) result[c * rows + r] = matrix[r * columns + c];
  return result;
}

/** The hidden states of the neighbours side by side, [Rows, taps * lanes]. */
template <int Rows>
void gather(const Sizes &size, const Neighbours &neighbours, int y, int x, const float *hidden, const float *initial,
            float *into) {
  const int lanes = size.lanes();
  for (int tap = 0; tap < neighbours.count(); tap++) {
    const int place = placeOf(size, neighbours, tap, y, x);
    for (int r = 0; r < Rows; r++) {
      const float *from = place < 0 ? initial : hidden + (r * size.pixels() + place) * size.hidden;
      std::memcpy(into + (r * neighbours.count() + tap) * lanes, from, size.hidden * sizeof(float));
    }
  }
}

struct Forward {
  Sizes size;
  const Neighbours &neighbours;
  const float *gates, *initialHidden, *initialCell;
  std::vector<float> kernel;
  float *hidden, *cell, *activations;

  template <int Rows>
  void run(int first) const {
    const int h = size.hidden, lanes = size.lanes(), taps = neighbours.count(), pixels = size.pixels();
    const size_t start = static_cast<size_t>(first) * pixels;
    const float *gatesHere = gates + start * 4 * h;
    float *hiddenHere = hidden + start * h, *cellHere = cell + start * h, *activationsHere = activations + start * 4 * h;
    std::vector<float> before(Rows * taps * lanes), sums(Rows * 4 * lanes);
    scan(size, neighbours.leftwards, false, [&](int y, int x) {
      const int place = y * size.width + x;
      gather<Rows>(size, neighbours, y, x, hiddenHere, initialHidden, before.data());
      for (int r = 0; r < Rows; r++)
        for (int gate = 0; gate < 4; gate++)
          std::memcpy(&sums[(r * 4 + gate) * lanes], gatesHere + ((r * pixels + place) * 4 + gate) * h, h * sizeof(float));
      addProduct<Rows>(taps * lanes, before.data(), taps * lanes, kernel.data(), 4 * lanes, sums.data());
      const int cellPlace = placeOf(size, neighbours, neighbours.cell, y, x);
      for (int r = 0; r < Rows; r++) {
        const float *cellBefore = cellPlace < 0 ? initialCell : cellHere + (r * pixels + cellPlace) * h;
        for (int j = 0; j < h; j += kLanes) {
          const float *sum = &sums[r * 4 * lanes + j];
          const Vector o = sigmoid(load(sum)), f = sigmoid(load(sum + lanes)), i = sigmoid(load(sum + 2 * lanes));
          const Vector g = hyperbolicTangent(load(sum + 3 * lanes));
          const Vector c = f * loadSome(cellBefore + j, h - j) + i * g;
          const size_t at = static_cast<size_t>(r) * pixels + place;
          storeSome(cellHere + at * h + j, c, h - j);
          storeSome(hiddenHere + at * h + j, o * hyperbolicTangent(c), h - j);
          const Vector parts[4] = {o, f, i, g};
          for (int gate = 0; gate < 4; gate++) storeSome(activationsHere + (at * 4 + gate) * h + j, parts[gate], h - j);
        }
      }
    });
  }
};

struct Backward {
  Sizes size;
  const Neighbours &neighbours;
  const float *dHidden, *hidden, *cell, *activations, *initialHidden, *initialCell;
  /** [4 lanes, taps * lanes]. */
  std::vector<float> kernel;
  float *dGates;

  /** Sums of one group of images; groups are added up in their order, whatever the number of threads. */
  struct Sums {
    std::vector<float> kernel, initialHidden, initialCell;
  };

  Sums zeros() const {
    const int lanes = size.lanes();
    const size_t weights = static_cast<size_t>(neighbours.count()) * lanes * 4 * lanes;
    return {std::vector<float>(weights), std::vector<float>(lanes), std::vector<float>(lanes)};
  }

  template <int Rows>
  void run(int first, Sums &sums) const {
    const int h = size.hidden, lanes = size.lanes(), taps = neighbours.count(), pixels = size.pixels();
    const size_t start = static_cast<size_t>(first) * pixels;
    const float *hiddenHere = hidden + start * h, *cellHere = cell + start * h;
    const float *activationsHere = activations + start * 4 * h;
    float *dGatesHere = dGates + start * 4 * h;
    // What the pixels after each one ask of its state, and what is asked of its output.
    std::vector<float> dState(static_cast<size_t>(Rows) * pixels * lanes), dCell(dState.size());
    for (int i = 0; i < Rows * pixels; i++) std::memcpy(&dState[i * lanes], dHidden + (start + i) * h, h * sizeof(float));
    std::vector<float> before(Rows * taps * lanes), dSums(Rows * 4 * lanes), dBefore(Rows * taps * lanes);
    scan(size, neighbours.leftwards, true, [&](int y, int x) {
      const int place = y * size.width + x;
      const int cellPlace = placeOf(size, neighbours, neighbours.cell, y, x);
      for (int r = 0; r < Rows; r++) {
        const size_t at = static_cast<size_t>(r) * pixels + place;
        const float *cellBefore = cellPlace < 0 ? initialCell : cellHere + (r * pixels + cellPlace) * h;
        float *dCellBefore = cellPlace < 0 ? sums.initialCell.data() : &dCell[(r * pixels + cellPlace) * lanes];
        for (int j = 0; j < h; j += kLanes) {
          const int n = h - j;
          const float *parts = activationsHere + at * 4 * h + j;
          const Vector o = loadSome(parts, n), f = loadSome(parts + h, n), i = loadSome(parts + 2 * h, n);
          const Vector g = loadSome(parts + 3 * h, n), t = hyperbolicTangent(loadSome(cellHere + at * h + j, n));
          const Vector dh = load(&dState[at * lanes + j]);
          const Vector dc = load(&dCell[at * lanes + j]) + dh * o * (1.0f - t * t);
          const Vector d[4] = {dh * t * o * (1.0f - o), dc * loadSome(cellBefore + j, n) * f * (1.0f - f),
                               dc * g * i * (1.0f - i), dc * i * (1.0f - g * g)};
          store(dCellBefore + j, load(dCellBefore + j) + dc * f);
          for (int gate = 0; gate < 4; gate++) {
            store(&dSums[(r * 4 + gate) * lanes + j], d[gate]);
            storeSome(dGatesHere + (at * 4 + gate) * h + j, d[gate], n);
          }
        }
      }
      gather<Rows>(size, neighbours, y, x, hiddenHere, initialHidden, before.data());
      addOuterProduct<Rows>(taps * lanes, before.data(), dSums.data(), 4 * lanes, sums.kernel.data());
      std::fill(dBefore.begin(), dBefore.end(), 0.0f);
      addProduct<Rows>(4 * lanes, dSums.data(), 4 * lanes, kernel.data(), taps * lanes, dBefore.data());
      for (int tap = 0; tap < taps; tap++) {
        const int neighbour = placeOf(size, neighbours, tap, y, x);
        for (int r = 0; r < Rows; r++) {
          float *into = neighbour < 0 ? sums.initialHidden.data() : &dState[(r * pixels + neighbour) * lanes];
          for (int j = 0; j < lanes; j += kLanes)
            store(into + j, load(into + j) + load(&dBefore[(r * taps + tap) * lanes + j]));
        }
      }
    });
  }
};

/** Calls run with the number of images of each group as a constant. */
template <typename Run>
void inGroups(int batch, const Run &run) {
  inParallel((batch + kImages - 1) / kImages, [&](int group) {
    const int first = group * kImages;
    switch (std::min(kImages, batch - first)) {
      case 1: return run(std::integral_constant<int, 1>(), group, first);
      case 2: return run(std::integral_constant<int, 2>(), group, first);
      case 3: return run(std::integral_constant<int, 3>(), group, first);
      default: return run(std::integral_constant<int, kImages>(), group, first);
    }
  });
}

// ---- The operations. tfjs has checked the shapes before it calls them.

void *createNeighbours(TF_OpKernelConstruction *construction) {
  auto *neighbours = new Neighbours;
  TF_Status *status = TF_NewStatus();
  int32_t taps = 0, total = 0;
  TF_OpKernelConstruction_GetAttrSize(construction, "rows", &taps, &total, status);
  neighbours->rows.resize(taps);
  neighbours->columns.resize(taps);
  TF_OpKernelConstruction_GetAttrInt32List(construction, "rows", neighbours->rows.data(), taps, status);
  TF_OpKernelConstruction_GetAttrInt32List(construction, "columns", neighbours->columns.data(), taps, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "cell_from", &neighbours->cell, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  for (int tap = 0; tap < taps; tap++)
    if (neighbours->rows[tap] == 0 && neighbours->columns[tap] > 0) neighbours->leftwards = true;
  return neighbours;
}

void deleteNeighbours(void *neighbours) { delete static_cast<Neighbours *>(neighbours); }

// gates [B, H, W, 4 h], kernel [taps, h, 4 h], initialHidden [h], initialCell [h] -> hidden, cell [B, H, W, h], activations
void computeScan(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &neighbours = *static_cast<const Neighbours *>(state);
  const Sizes size = {context.dimension(0, 0), context.dimension(0, 1), context.dimension(0, 2), context.dimension(1, 1)};
  const std::vector<int64_t> shape = {size.batch, size.height, size.width, size.hidden};
  std::vector<int64_t> wide = shape;
  wide[3] *= 4;
  Forward forward = {size, neighbours, context.input(0), context.input(2), context.input(3),
                     pack(size, neighbours.count(), context.input(1)),
                     context.output(0, shape), context.output(1, shape), context.output(2, wide)};
  if (context.failed()) return;
  inGroups(size.batch, [&](auto rows, int, int first) { forward.run<decltype(rows)::value>(first); });
}

// dHidden, hidden, cell [B, H, W, h], activations, kernel, initialHidden, initialCell -> the gradients of the scan's four inputs
void computeScanGradient(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &neighbours = *static_cast<const Neighbours *>(state);
  const Sizes size = {context.dimension(0, 0), context.dimension(0, 1), context.dimension(0, 2), context.dimension(0, 3)};
  const int h = size.hidden, lanes = size.lanes(), taps = neighbours.count();
  Backward backward = {size, neighbours, context.input(0), context.input(1), context.input(2), context.input(3),
                       context.input(5), context.input(6),
                       transposed(taps * lanes, 4 * lanes, pack(size, taps, context.input(4))),
                       context.output(0, {size.batch, size.height, size.width, 4 * h})};
  float *dKernel = context.output(1, {taps, h, 4 * h});
  float *dInitialHidden = context.output(2, {h}), *dInitialCell = context.output(3, {h});
  if (context.failed()) return;
  std::vector<Backward::Sums> sums((size.batch + kImages - 1) / kImages);
  inGroups(size.batch, [&](auto rows, int group, int first) {
    sums[group] = backward.zeros();
    backward.run<decltype(rows)::value>(first, sums[group]);
  });
  Backward::Sums total = backward.zeros();
  for (const Backward::Sums &part : sums) {
    for (size_t i = 0; i < part.kernel.size(); i++) total.kernel[i] += part.kernel[i];
    for (int j = 0; j < lanes; j++) total.initialHidden[j] += part.initialHidden[j], total.initialCell[j] += part.initialCell[j];
  }
  for (int tap = 0; tap < taps; tap++)
    for (int k = 0; k < h; k++)
      for (int gate = 0; gate < 4; gate++)
        std::memcpy(dKernel + ((tap * h + k) * 4 + gate) * h, &total.kernel[((tap * lanes + k) * 4 + gate) * lanes],
                    h * sizeof(float));
  std::memcpy(dInitialHidden, total.initialHidden.data(), h * sizeof(float));
  std::memcpy(dInitialCell, total.initialCell.data(), h * sizeof(float));
}

}  // namespace

void registerLstmScan() {
  const std::vector<const char *> attributes = {"rows: list(int)", "columns: list(int)", "cell_from: int"};
  registerOperation("RasterLstmScan", attributes,
                    {"gates: float", "kernel: float", "initial_hidden: float", "initial_cell: float"},
                    {"hidden: float", "cell: float", "activations: float"}, createNeighbours, computeScan, deleteNeighbours);
  registerOperation("RasterLstmScanGradient", attributes,
                    {"d_hidden: float", "hidden: float", "cell: float", "activations: float", "kernel: float",
                     "initial_hidden: float", "initial_cell: float"},
                    {"d_gates: float", "d_kernel: float", "d_initial_hidden: float", "d_initial_cell: float"},
                    createNeighbours, computeScanGradient, deleteNeighbours);
}
