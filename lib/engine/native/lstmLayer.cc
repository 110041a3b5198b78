// A layer of Row LSTM or of the Diagonal BiLSTM (van den Oord et al. 2016a, figure 5, right) and its gradient, as two operations:
//   next = x + up * states,
// where the states are those of one recurrence, or those of two of which the second's are taken from the row above; each has an
// input-to-state convolution of its own, along the row. lib/models/pixelRnn.ts composes the same of single operations where these are not
// there.
#include "conv.h"
#include "lstmScan.h"

namespace {

const Taps kPoint = {{0, 0}};

struct Shape {
  std::vector<Neighbors> directions;
  /** The column of the input-to-state kernels that lies over the pixel itself. */
  int center = 0;
};

void *createShape(TF_OpKernelConstruction *construction) {
  auto *shape = new Shape;
  TF_Status *status = TF_NewStatus();
  const auto list = [&](const char *name) {
    int32_t length = 0, total = 0;
    TF_OpKernelConstruction_GetAttrSize(construction, name, &length, &total, status);
    std::vector<int32_t> values(std::max(0, length));
    TF_OpKernelConstruction_GetAttrInt32List(construction, name, values.data(), length, status);
    return values;
  };
  // The neighbors of all directions one after the other, as many for each.
  const std::vector<int32_t> rows = list("rows"), columns = list("columns"), cells = list("cells_from");
  TF_OpKernelConstruction_GetAttrInt32(construction, "center", &shape->center, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  const size_t taps = rows.size() / std::max<size_t>(1, cells.size());
  for (size_t k = 0; k < cells.size(); k++) {
    Neighbors neighbors;
    neighbors.rows.assign(rows.begin() + k * taps, rows.begin() + (k + 1) * taps);
    neighbors.columns.assign(columns.begin() + k * taps, columns.begin() + (k + 1) * taps);
    neighbors.cell = cells[k];
    neighbors.findDirection();
    shape->directions.push_back(neighbors);
  }
  return shape;
}

void deleteShape(void *shape) { delete static_cast<Shape *>(shape); }

struct Layer {
  int batch, height, width, features, hidden, columns, directions, taps;
  Taps inputTaps;
  /** x and gradients of gates with the border that the input-to-state kernel reaches; x without; states. */
  Frame input, gates, plain, states;
  Sizes size;

  /** @param x, kernel, state which inputs are x, the input-to-state kernels and the state-to-state kernels */
  Layer(Context &context, int x, int kernel, int state, const Shape &shape) {
    batch = context.dimension(x, 0), height = context.dimension(x, 1), width = context.dimension(x, 2);
    features = context.dimension(x, 3), directions = context.dimension(kernel, 0), columns = context.dimension(kernel, 1);
    taps = context.dimension(state, 1), hidden = context.dimension(state, 2);
    inputTaps = rasterTaps(1, columns, shape.center, 1);
    const int sides = std::max(shape.center, columns - 1 - shape.center);
    input = {height, width, features, {0, 0, sides}};
    gates = {height, width, 4 * hidden, {0, 0, sides}};
    plain = {height, width, features, {}};
    states = {height, width, hidden, {}};
    size = {batch, height, width, hidden};
  }
  size_t pixels() const { return static_cast<size_t>(height) * width; }
  size_t kernelSize() const { return static_cast<size_t>(columns) * features * 4 * hidden; }
  size_t stateSize() const { return static_cast<size_t>(taps) * hidden * 4 * hidden; }
  /** Where the hidden states of an image lie among those of all directions, [D, B, H, W, h]. */
  size_t at(int direction, int image) const { return (static_cast<size_t>(direction) * batch + image) * pixels() * hidden; }
};

/** The states of both directions of an image added, those of the second from the row above. */
Map added(const Layer &layer, const float *hidden, int image, std::vector<float> &memory) {
  const int h = layer.hidden, width = layer.width;
  const Map map = bordered(layer.states, hidden + layer.at(0, image), h, memory);
  if (layer.directions == 1) return map;
  const float *second = hidden + layer.at(1, image);
  for (int y = 1; y < layer.height; y++)
    for (int x = 0; x < width; x++)
      for (int j = 0; j < h; j += kLanes) {
        float *to = map.at(y, x) + j;
        store(to, load(to) + loadSome(second + ((y - 1) * width + x) * h + j, h - j));
      }
  return map;
}

// x [B, H, W, F], input-to-state kernels [D, columns, F, 4 h] and biases [D, 4 h], state-to-state kernels [D, taps, h, 4 h], initial hidden
// states and cells [D, h], kernel [h, F] and bias [F] of what goes back to x
// -> next [B, H, W, F]; hidden, cell [D, B, H, W, h], activations [D, B, H, W, 4 h]
void compute(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &shape = *static_cast<const Shape *>(state);
  const Layer layer(context, 0, 1, 3, shape);
  const int height = layer.height, width = layer.width, features = layer.features, h = layer.hidden;
  const float *x = context.input(0), *initialHidden = context.input(4), *initialCell = context.input(5);
  std::vector<Kernel> inputs;
  std::vector<std::vector<float>> kernels;
  for (int k = 0; k < layer.directions; k++) {
    inputs.push_back(Kernel::of(layer.inputTaps, features, 4 * h, context.input(1) + k * layer.kernelSize(), context.input(2) + k * 4 * h));
    kernels.push_back(pack(layer.size, layer.taps, context.input(3) + k * layer.stateSize()));
  }
  const Kernel up = Kernel::of(kPoint, h, features, context.input(6), context.input(7));
  float *next = context.output(0, {layer.batch, height, width, features});
  float *hidden = context.output(1, {layer.directions, layer.batch, height, width, h});
  float *cell = context.output(2, {layer.directions, layer.batch, height, width, h});
  float *activations = context.output(3, {layer.directions, layer.batch, height, width, 4 * h});
  if (context.failed()) return;
  inGroups(layer.batch, [&](auto rows, int, int first) {
    constexpr int kRows = decltype(rows)::value;
    std::vector<float> memory, gates(kRows * layer.pixels() * 4 * h);
    for (int k = 0; k < layer.directions; k++) {
      for (int r = 0; r < kRows; r++) {
        const Map in = bordered(layer.input, x + (first + r) * layer.pixels() * features, features, memory);
        float *to = gates.data() + r * layer.pixels() * 4 * h;
        convolve(inputs[k], in, height, width, [&](int y, int c, int j, Vector v) {
          if (j < 4 * h) storeSome(to + (y * width + c) * 4 * h + j, v, 4 * h - j);
        });
      }
      const size_t at = layer.at(k, first);
      const Forward forward = {layer.size, shape.directions[k], gates.data(), initialHidden + k * h, initialCell + k * h, kernels[k],
                               hidden + at, cell + at, activations + 4 * at};
      forward.run<kRows>();
    }
    for (int r = 0; r < kRows; r++) {
      const size_t start = (first + r) * layer.pixels() * features;
      convolve(up, added(layer, hidden, first + r, memory), height, width, [&](int y, int c, int j, Vector v) {
        const size_t place = start + static_cast<size_t>(y * width + c) * features + j;
        if (j < features) storeSome(next + place, v + loadSome(x + place, features - j), features - j);
      });
    }
  });
}

// dNext, x, hidden, cell, activations, input-to-state and state-to-state kernels, initial hidden states and cells, kernel back to x
// -> gradients of the eight inputs
void computeGradient(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &shape = *static_cast<const Shape *>(state);
  const Layer layer(context, 1, 5, 6, shape);
  const int height = layer.height, width = layer.width, features = layer.features, h = layer.hidden;
  const float *dNext = context.input(0), *x = context.input(1), *hidden = context.input(2), *cell = context.input(3);
  const float *activations = context.input(4), *initialHidden = context.input(7), *initialCell = context.input(8);
  std::vector<Kernel> inputs;
  std::vector<std::vector<float>> kernels;
  for (int k = 0; k < layer.directions; k++) {
    inputs.push_back(Kernel::transposed(layer.inputTaps, features, 4 * h, context.input(5) + k * layer.kernelSize()));
    const std::vector<float> packed = pack(layer.size, layer.taps, context.input(6) + k * layer.stateSize());
    kernels.push_back(transposed(layer.taps * layer.size.lanes(), 4 * layer.size.lanes(), packed));
  }
  const Kernel up = Kernel::transposed(kPoint, h, features, context.input(9));
  float *dx = context.output(0, {layer.batch, height, width, features});
  float *dInput = context.output(1, {layer.directions, layer.columns, features, 4 * h});
  float *dInputBias = context.output(2, {layer.directions, 4 * h});
  float *dState = context.output(3, {layer.directions, layer.taps, h, 4 * h});
  float *dInitialHidden = context.output(4, {layer.directions, h}), *dInitialCell = context.output(5, {layer.directions, h});
  float *dUp = context.output(6, {h, features}), *dUpBias = context.output(7, {features});
  if (context.failed()) return;
  struct Sums {
    std::vector<KernelGradient> inputs;
    std::vector<ScanSums> scans;
    KernelGradient up;
  };
  const Sums zeros = {std::vector<KernelGradient>(layer.directions, {layer.columns, features, 4 * h}),
                      std::vector<ScanSums>(layer.directions, {layer.size, layer.taps}),
                      {1, h, features}};
  std::vector<Sums> sums(groupsOf(layer.batch), zeros);
  inGroups(layer.batch, [&](auto rows, int group, int first) {
    constexpr int kRows = decltype(rows)::value;
    const size_t image = layer.pixels() * h;
    std::vector<float> memory, other, dStates(kRows * image), shifted, dGates(4 * kRows * image);
    Sums &own = sums[group];
    for (int r = 0; r < kRows; r++) {
      const size_t start = (first + r) * layer.pixels() * features;
      const Map d = bordered(layer.plain, dNext + start, features, memory);
      addKernelGradient(kPoint, added(layer, hidden, first + r, other), d, height, width, own.up);
      float *to = dStates.data() + r * image;
      convolve(up, d, height, width, [&](int y, int c, int j, Vector v) {
        if (j < h) storeSome(to + (y * width + c) * h + j, v, h - j);
      });
      std::copy_n(dNext + start, layer.pixels() * features, dx + start);
    }
    for (int k = 0; k < layer.directions; k++) {
      const float *dHidden = dStates.data();
      if (k == 1) {
        shifted.assign(dStates.size(), 0.0f);
        const size_t row = static_cast<size_t>(width) * h;
        for (int r = 0; r < kRows; r++) std::copy_n(&dStates[r * image] + row, image - row, &shifted[r * image]);
        dHidden = shifted.data();
      }
      const size_t at = layer.at(k, first);
      const Backward backward = {layer.size, shape.directions[k], dHidden, hidden + at, cell + at, activations + 4 * at,
                                 initialHidden + k * h, initialCell + k * h, kernels[k], dGates.data()};
      backward.run<kRows>(own.scans[k]);
      for (int r = 0; r < kRows; r++) {
        const size_t start = (first + r) * layer.pixels() * features;
        const Map d = bordered(layer.gates, dGates.data() + 4 * r * image, 4 * h, memory);
        addKernelGradient(layer.inputTaps, bordered(layer.input, x + start, features, other), d, height, width, own.inputs[k]);
        convolve(inputs[k], d, height, width, [&](int y, int c, int j, Vector v) {
          float *to = dx + start + static_cast<size_t>(y * width + c) * features + j;
          if (j < features) storeSome(to, v + loadSome(to, features - j), features - j);
        });
      }
    }
  });
  Sums total = zeros;
  for (const Sums &part : sums) {
    for (int k = 0; k < layer.directions; k++) total.inputs[k].add(part.inputs[k]), total.scans[k].add(part.scans[k]);
    total.up.add(part.up);
  }
  for (int k = 0; k < layer.directions; k++) {
    total.inputs[k].write(dInput + k * layer.kernelSize(), dInputBias + k * 4 * h);
    total.scans[k].write(dState + k * layer.stateSize(), dInitialHidden + k * h, dInitialCell + k * h);
  }
  total.up.write(dUp, dUpBias);
}

}  // namespace

void registerLstmLayer() {
  const std::vector<const char *> attributes = {"rows: list(int)", "columns: list(int)", "cells_from: list(int)", "center: int"};
  registerOperation("RasterLstmLayer", attributes,
                    {"x: float", "input: float", "input_bias: float", "state: float", "initial_hidden: float", "initial_cell: float",
                     "up: float", "up_bias: float"},
                    {"next: float", "hidden: float", "cell: float", "activations: float"}, createShape, compute, deleteShape);
  registerOperation("RasterLstmLayerGradient", attributes,
                    {"d_next: float", "x: float", "hidden: float", "cell: float", "activations: float", "input: float", "state: float",
                     "initial_hidden: float", "initial_cell: float", "up: float"},
                    {"d_x: float", "d_input: float", "d_input_bias: float", "d_state: float", "d_initial_hidden: float",
                     "d_initial_cell: float", "d_up: float", "d_up_bias: float"},
                    createShape, computeGradient, deleteShape);
}
