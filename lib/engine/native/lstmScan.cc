// The recurrence alone, as two operations of the TensorFlow runtime.
// lib/engine/lstmScan.ts has the portable twin.
#include "lstmScan.h"

namespace {

struct Settings {
  Neighbors neighbors;
  bool keep;
  explicit Settings(Attributes &attributes)
      : neighbors(attributes, attributes.integers("rows", -1024, 0),
                  attributes.integers("columns", -1024, 1024), attributes.integer("cell_from", 0, 1024)),
        keep(attributes.flag("keep")) {}
};

/** How many gates h features have. */
int64_t four(int h) { return 4 * static_cast<int64_t>(h); }

// gates [B, H, W, 4 h], kernel [taps, h, 4 h], initialHidden [h], initialCell [h] -> hidden,
// cell [B, H, W, h], activations [B, H, W, 4 h], or both [0]
void compute(const Settings &settings, Context &context) {
  const Neighbors &neighbors = settings.neighbors;
  const Input<float> initialHidden = context.input(2, "initial_hidden", {kAny});
  const int h = initialHidden[0];
  const float *initialCell = context.input(3, "initial_cell", {h}).data;
  const Input<float> weights = context.input(1, "kernel", {neighbors.count(), h, four(h)});
  const Input<float> gates = context.input(0, "gates", {kAny, kAny, kAny, four(h)});
  const Sizes size = {gates[0], gates[1], gates[2], h};
  context.require(size.countable(), "the states of an image are too many");
  const std::vector<int64_t> shape = {size.batch, size.height, size.width, h};
  const std::vector<int64_t> none = {0};
  float *hidden = context.output(0, shape), *cell = context.output(1, settings.keep ? shape : none),
        *activations = context.output(2, settings.keep ? gates.shape : none);
  if (context.failed()) return;
  const Floats kernel = pack(size, neighbors.count(), weights.data);
  inGroups(size.batch, [&](auto rows, int, int first) {
    constexpr int kRows = decltype(rows)::value;
    const size_t at = static_cast<size_t>(first) * size.pixels() * h;
    Floats room(settings.keep ? 0 : static_cast<size_t>(kRows) * size.pixels() * h);
    const Forward forward = {size,         neighbors,
                             gates.data + 4 * at, initialHidden.data,
                             initialCell,  kernel,
                             hidden + at,  settings.keep ? cell + at : room.data(),
                             settings.keep ? activations + 4 * at : nullptr};
    forward.run<kRows>();
  });
}

// dHidden, hidden, cell [B, H, W, h], activations, kernel, initialHidden, initialCell -> the
// gradients of the scan's four inputs
void computeGradient(const Settings &settings, Context &context) {
  const Neighbors &neighbors = settings.neighbors;
  const Input<float> dHidden = context.input(0, "d_hidden", {kAny, kAny, kAny, kAny});
  const Sizes size = {dHidden[0], dHidden[1], dHidden[2], dHidden[3]};
  context.require(size.countable(), "the states of an image are too many");
  const int h = size.hidden, taps = neighbors.count();
  const float *hidden = context.input(1, "hidden", dHidden.shape).data,
              *cell = context.input(2, "cell", dHidden.shape).data;
  const Input<float> activations =
      context.input(3, "activations", {size.batch, size.height, size.width, four(h)});
  const Input<float> weights = context.input(4, "kernel", {taps, h, four(h)});
  const float *initialHidden = context.input(5, "initial_hidden", {h}).data,
              *initialCell = context.input(6, "initial_cell", {h}).data;
  float *dGates = context.output(0, activations.shape), *dKernel = context.output(1, weights.shape);
  float *dInitialHidden = context.output(2, {h}), *dInitialCell = context.output(3, {h});
  if (context.failed()) return;
  const Floats kernel =
      transposed(taps * size.lanes(), 4 * size.lanes(), pack(size, taps, weights.data));
  std::vector<ScanSums> sums(groupsOf(size.batch), ScanSums(size, taps));
  inGroups(size.batch, [&](auto rows, int group, int first) {
    const size_t at = static_cast<size_t>(first) * size.pixels() * h;
    const Backward backward = {size,           neighbors,   dHidden.data + at,
                               hidden + at,    cell + at,   activations.data + 4 * at,
                               initialHidden,  initialCell, kernel,
                               dGates + 4 * at};
    backward.run<decltype(rows)::value>(sums[group]);
  });
  ScanSums total(size, taps);
  for (const ScanSums &part : sums) total.add(part);
  total.write(dKernel, dInitialHidden, dInitialCell);
}

}  // namespace

void registerLstmScan() {
  const std::vector<const char *> attributes = {"rows: list(int)", "columns: list(int)", "cell_from: int",
                                                "keep: bool"};
  registerOperation<Settings, compute>(
      "RasterLstmScan", attributes,
      {"gates: float", "kernel: float", "initial_hidden: float", "initial_cell: float"},
      {"hidden: float", "cell: float", "activations: float"});
  registerOperation<Settings, computeGradient>(
      "RasterLstmScanGradient", attributes,
      {"d_hidden: float", "hidden: float", "cell: float", "activations: float", "kernel: float",
       "initial_hidden: float", "initial_cell: float"},
      {"d_gates: float", "d_kernel: float", "d_initial_hidden: float", "d_initial_cell: float"});
}
