// The recurrence alone, as two operations of the TensorFlow runtime. lib/layers/lstmScan.ts has the portable twin, in operations
// of tfjs.
#include "lstmScan.h"

namespace {

// ---- The operations. tfjs has checked the shapes before it calls them.

void *createNeighbors(TF_OpKernelConstruction *construction) {
  auto *neighbors = new Neighbors;
  TF_Status *status = TF_NewStatus();
  int32_t taps = 0, total = 0;
  TF_OpKernelConstruction_GetAttrSize(construction, "rows", &taps, &total, status);
  neighbors->rows.resize(taps);
  neighbors->columns.resize(taps);
  TF_OpKernelConstruction_GetAttrInt32List(construction, "rows", neighbors->rows.data(), taps, status);
  TF_OpKernelConstruction_GetAttrInt32List(construction, "columns", neighbors->columns.data(), taps, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "cell_from", &neighbors->cell, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  neighbors->findDirection();
  return neighbors;
}

void deleteNeighbors(void *neighbors) { delete static_cast<Neighbors *>(neighbors); }

// gates [B, H, W, 4 h], kernel [taps, h, 4 h], initialHidden [h], initialCell [h] -> hidden, cell [B, H, W, h], activations
void computeScan(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &neighbors = *static_cast<const Neighbors *>(state);
  const Sizes size = {context.dimension(0, 0), context.dimension(0, 1), context.dimension(0, 2), context.dimension(1, 1)};
  const std::vector<int64_t> shape = {size.batch, size.height, size.width, size.hidden};
  std::vector<int64_t> wide = shape;
  wide[3] *= 4;
  const float *gates = context.input(0), *initialHidden = context.input(2), *initialCell = context.input(3);
  const std::vector<float> kernel = pack(size, neighbors.count(), context.input(1));
  float *hidden = context.output(0, shape), *cell = context.output(1, shape), *activations = context.output(2, wide);
  if (context.failed()) return;
  inGroups(size.batch, [&](auto rows, int, int first) {
    const size_t at = static_cast<size_t>(first) * size.pixels() * size.hidden;
    const Forward forward = {size, neighbors, gates + 4 * at, initialHidden, initialCell, kernel,
                             hidden + at, cell + at, activations + 4 * at};
    forward.run<decltype(rows)::value>();
  });
}

// dHidden, hidden, cell [B, H, W, h], activations, kernel, initialHidden, initialCell -> the gradients of the scan's four inputs
void computeScanGradient(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &neighbors = *static_cast<const Neighbors *>(state);
  const Sizes size = {context.dimension(0, 0), context.dimension(0, 1), context.dimension(0, 2), context.dimension(0, 3)};
  const int h = size.hidden, taps = neighbors.count();
  const float *dHidden = context.input(0), *hidden = context.input(1), *cell = context.input(2), *activations = context.input(3);
  const float *initialHidden = context.input(5), *initialCell = context.input(6);
  const std::vector<float> kernel = transposed(taps * size.lanes(), 4 * size.lanes(), pack(size, taps, context.input(4)));
  float *dGates = context.output(0, {size.batch, size.height, size.width, 4 * h});
  float *dKernel = context.output(1, {taps, h, 4 * h});
  float *dInitialHidden = context.output(2, {h}), *dInitialCell = context.output(3, {h});
  if (context.failed()) return;
  std::vector<ScanSums> sums(groupsOf(size.batch), ScanSums(size, taps));
  inGroups(size.batch, [&](auto rows, int group, int first) {
    const size_t at = static_cast<size_t>(first) * size.pixels() * h;
    const Backward backward = {size, neighbors, dHidden + at, hidden + at, cell + at, activations + 4 * at,
                               initialHidden, initialCell, kernel, dGates + 4 * at};
    backward.run<decltype(rows)::value>(sums[group]);
  });
  ScanSums total(size, taps);
  for (const ScanSums &part : sums) total.add(part);
  total.write(dKernel, dInitialHidden, dInitialCell);
}

}  // namespace

void registerLstmScan() {
  const std::vector<const char *> attributes = {"rows: list(int)", "columns: list(int)", "cell_from: int"};
  registerOperation("RasterLstmScan", attributes,
                    {"gates: float", "kernel: float", "initial_hidden: float", "initial_cell: float"},
                    {"hidden: float", "cell: float", "activations: float"}, createNeighbors, computeScan, deleteNeighbors);
  registerOperation("RasterLstmScanGradient", attributes,
                    {"d_hidden: float", "hidden: float", "cell: float", "activations: float", "kernel: float",
                     "initial_hidden: float", "initial_cell: float"},
                    {"d_gates: float", "d_kernel: float", "d_initial_hidden: float", "d_initial_cell: float"},
                    createNeighbors, computeScanGradient, deleteNeighbors);
}
