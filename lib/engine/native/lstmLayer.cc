// A layer of Row LSTM or of the Diagonal BiLSTM (van den Oord et al. 2016a, figure 5, right) and
// its gradient, as two operations:
//   next = x + up * states,
// where the states are those of one recurrence, or those of two of which the second's are taken from
// the row above; each has an input-to-state convolution of its own, along the row.
// lib/engine/lstmLayer.ts has the portable twin.
#include "kernelGradient.h"
#include "lstmScan.h"

namespace {

const Taps kPoint = {{0, 0}};

struct Settings {
  std::vector<Neighbors> directions;
  /** The column of the input-to-state kernels that lies over the pixel itself. */
  int center;
  bool keep;
  explicit Settings(Attributes &attributes)
      : center(attributes.integer("center", 0, kFurthest)), keep(attributes.flag("keep")) {
    // The neighbors of all directions one after the other, as many for each.
    const std::vector<int32_t> rows = attributes.integers("rows", -1024, 0),
                               columns = attributes.integers("columns", -1024, 1024);
    const std::vector<int32_t> cells = attributes.integers("cells_from", 0, 1024);
    if (!attributes.require(cells.size() == 1 || cells.size() == 2,
                            "cells_from must have one number for each of one or two directions") ||
        !attributes.require(rows.size() == columns.size() && rows.size() % cells.size() == 0,
                            "rows and columns must have as many neighbors for each direction"))
      return;
    const size_t taps = rows.size() / cells.size();
    const auto part = [&](const std::vector<int32_t> &all, size_t k) {
      return std::vector<int32_t>(all.begin() + k * taps, all.begin() + (k + 1) * taps);
    };
    for (size_t k = 0; k < cells.size(); k++)
      directions.emplace_back(attributes, part(rows, k), part(columns, k), cells[k]);
  }
};

/** Inputs that both operations are given. */
struct Given {
  Input<float> x, up;
  int64_t directions, h;
  Input<float> input, state, initialHidden, initialCell;
  /**
   * @param x, input, state, up where x, the input-to-state, the state-to-state kernels and the kernel
   *   back to x are among the inputs
   */
  Given(Context &context, int x, int input, int state, int up, const Settings &settings)
      : x(context.input(x, "x", {kAny, kAny, kAny, kAny})), up(context.input(up, "up", {kAny, this->x[3]})),
        directions(settings.directions.size()), h(this->up[0]),
        input(context.input(input, "input", {directions, kAny, this->x[3], 4 * h})),
        state(context.input(state, "state", {directions, settings.directions[0].count(), h, 4 * h})),
        initialHidden(context.input(state + 1, "initial_hidden", {directions, h})),
        initialCell(context.input(state + 2, "initial_cell", {directions, h})) {}
};

struct Layer {
  int batch, height, width, features, hidden, columns, directions, taps;
  Taps inputTaps;
  /** x and gradients of gates with the border that the input-to-state kernel reaches; x without; states. */
  Frame input, gates, plain, states;
  Sizes size;

  Layer(Context &context, const Given &given, const Settings &settings)
      : batch(given.x[0]),
        height(given.x[1]),
        width(given.x[2]),
        features(given.x[3]),
        hidden(static_cast<int>(given.h)),
        columns(given.input[1]),
        directions(given.input[0]),
        taps(given.state[1]),
        size{batch, height, width, hidden} {
    context.require(columns <= kFurthest, "input must have at most 4096 columns");
    context.require(!context.good() || settings.center < columns, "center must be a column of input");
    if (!context.good()) return;
    inputTaps = rasterTaps(1, columns, settings.center, 1);
    const int sides = std::max(settings.center, columns - 1 - settings.center);
    input = {height, width, features, {0, 0, sides}};
    gates = {height, width, 4 * hidden, {0, 0, sides}};
    plain = {height, width, features, {}};
    states = {height, width, hidden, {}};
    context.require(size.countable() && countable(input) && countable(gates),
                    "the features of an image are too many");
  }
  size_t pixels() const { return static_cast<size_t>(height) * width; }
  size_t kernelSize() const { return static_cast<size_t>(columns) * features * 4 * hidden; }
  size_t stateSize() const { return static_cast<size_t>(taps) * hidden * 4 * hidden; }
  /** Where the hidden states of an image lie among those of all directions, [D, B, H, W, h]. */
  size_t at(int direction, int image) const {
    return (static_cast<size_t>(direction) * batch + image) * pixels() * hidden;
  }
};

/**
 * The states of both directions of an image added, those of the second from the row above.
 *
 * @param hidden [H, W, h] of the first direction; those of the second lie `direction` numbers further
 */
Map added(const Layer &layer, const float *hidden, size_t direction, Floats &memory) {
  const int h = layer.hidden, width = layer.width;
  const Map map = bordered(layer.states, hidden, h, memory);
  if (layer.directions == 1) return map;
  const float *second = hidden + direction;
  for (int y = 1; y < layer.height; y++)
    for (int x = 0; x < width; x++)
      for (int j = 0; j < h; j += kLanes) {
        float *to = map.at(y, x) + j;
        store(to, load(to) + loadSome(second + ((y - 1) * width + x) * h + j, h - j));
      }
  return map;
}

// x [B, H, W, F], input-to-state kernels [D, columns, F, 4 h] and biases [D, 4 h],
// state-to-state kernels [D, taps, h, 4 h], initial hidden states and cells [D, h], kernel
// [h, F] and bias [F] of what goes back to x
// -> next [B, H, W, F]; hidden, cell [D, B, H, W, h], activations [D, B, H, W, 4 h], or all three [0]
void compute(const Settings &settings, Context &context) {
  const Given given(context, 0, 1, 3, 6, settings);
  const Layer layer(context, given, settings);
  const int height = layer.height, width = layer.width, features = layer.features, h = layer.hidden;
  const float *inputBias = context.input(2, "input_bias", {layer.directions, 4 * h}).data;
  const float *upBias = context.input(7, "up_bias", {features}).data;
  float *next = context.output(0, given.x.shape);
  const auto kept = [&](int index, int numbers) {
    const std::vector<int64_t> shape = {layer.directions, layer.batch, height, width, numbers};
    return context.output(index, settings.keep ? shape : std::vector<int64_t>{0});
  };
  float *hidden = kept(1, h), *cell = kept(2, h), *activations = kept(3, 4 * h);
  if (context.failed()) return;
  const float *x = given.x.data, *initialHidden = given.initialHidden.data,
              *initialCell = given.initialCell.data;
  std::vector<Kernel> inputs;
  std::vector<Floats> kernels;
  for (int k = 0; k < layer.directions; k++) {
    inputs.push_back(Kernel::of(layer.inputTaps, features, 4 * h, given.input.data + k * layer.kernelSize(),
                                inputBias + k * 4 * h));
    kernels.push_back(pack(layer.size, layer.taps, given.state.data + k * layer.stateSize()));
  }
  const Kernel up = Kernel::of(kPoint, h, features, given.up.data, upBias);
  inGroups(layer.batch, [&](auto rows, int, int first) {
    constexpr int kRows = decltype(rows)::value;
    const size_t states = kRows * layer.pixels() * h;
    Floats memory, gates(4 * states), room(settings.keep ? 0 : (layer.directions + 1) * states);
    // Hidden states of all directions, and cells of the one in hand.
    float *own = settings.keep ? hidden + layer.at(0, first) : room.data();
    const size_t direction = settings.keep ? layer.at(1, 0) : states;
    for (int k = 0; k < layer.directions; k++) {
      for (int r = 0; r < kRows; r++) {
        const Map in = bordered(layer.input, x + (first + r) * layer.pixels() * features, features, memory);
        float *to = gates.data() + r * layer.pixels() * 4 * h;
        convolve(inputs[k], in, height, width, [=](int y, int c, int j, Vector v) {
          storeSome(to + (y * width + c) * 4 * h + j, v, 4 * h - j);
        });
      }
      const size_t at = layer.at(k, first);
      const Forward forward = {layer.size,
                               settings.directions[k],
                               gates.data(),
                               initialHidden + k * h,
                               initialCell + k * h,
                               kernels[k],
                               own + k * direction,
                               settings.keep ? cell + at : room.data() + layer.directions * states,
                               settings.keep ? activations + 4 * at : nullptr};
      forward.run<kRows>();
    }
    for (int r = 0; r < kRows; r++) {
      const size_t start = (first + r) * layer.pixels() * features;
      convolve(up, added(layer, own + r * layer.pixels() * h, direction, memory), height, width,
               [=](int y, int c, int j, Vector v) {
                 const size_t place = start + static_cast<size_t>(y * width + c) * features + j;
                 storeSome(next + place, v + loadSome(x + place, features - j), features - j);
               });
    }
  });
}

// dNext, x, hidden, cell, activations, input-to-state and state-to-state kernels, initial hidden
// states and cells, kernel back to x
// -> gradients of the eight inputs
void computeGradient(const Settings &settings, Context &context) {
  const Given given(context, 1, 5, 6, 9, settings);
  const Layer layer(context, given, settings);
  const int height = layer.height, width = layer.width, features = layer.features, h = layer.hidden;
  const std::vector<int64_t> states = {layer.directions, layer.batch, height, width, h};
  const float *dNext = context.input(0, "d_next", given.x.shape).data;
  const float *hidden = context.input(2, "hidden", states).data,
              *cell = context.input(3, "cell", states).data;
  const float *activations =
      context.input(4, "activations", {layer.directions, layer.batch, height, width, 4 * h}).data;
  float *dx = context.output(0, given.x.shape);
  float *dInput = context.output(1, given.input.shape),
        *dInputBias = context.output(2, {layer.directions, 4 * h});
  float *dState = context.output(3, given.state.shape);
  float *dInitialHidden = context.output(4, {layer.directions, h}),
        *dInitialCell = context.output(5, {layer.directions, h});
  float *dUp = context.output(6, {h, features}), *dUpBias = context.output(7, {features});
  if (context.failed()) return;
  const float *x = given.x.data, *initialHidden = given.initialHidden.data,
              *initialCell = given.initialCell.data;
  std::vector<Kernel> inputs;
  std::vector<Floats> kernels;
  for (int k = 0; k < layer.directions; k++) {
    inputs.push_back(
        Kernel::transposed(layer.inputTaps, features, 4 * h, given.input.data + k * layer.kernelSize()));
    const Floats packed = pack(layer.size, layer.taps, given.state.data + k * layer.stateSize());
    kernels.push_back(transposed(layer.taps * layer.size.lanes(), 4 * layer.size.lanes(), packed));
  }
  const Kernel up = Kernel::transposed(kPoint, h, features, given.up.data);
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
    Floats memory, other, dStates(kRows * image), shifted, dGates(4 * kRows * image);
    Sums &own = sums[group];
    for (int r = 0; r < kRows; r++) {
      const size_t start = (first + r) * layer.pixels() * features;
      const Map d = bordered(layer.plain, dNext + start, features, memory);
      const Map sum = added(layer, hidden + layer.at(0, first + r), layer.at(1, 0), other);
      addKernelGradient(kPoint, sum, d, height, width, own.up);
      float *to = dStates.data() + r * image;
      convolve(up, d, height, width, [=](int y, int c, int j, Vector v) {
        storeSome(to + (y * width + c) * h + j, v, h - j);
      });
      std::copy_n(dNext + start, layer.pixels() * features, dx + start);
    }
    for (int k = 0; k < layer.directions; k++) {
      const float *dHidden = dStates.data();
      if (k == 1) {
        shifted.assign(dStates.size(), 0.0f);
        const size_t row = static_cast<size_t>(width) * h;
        for (int r = 0; r < kRows; r++)
          std::copy_n(&dStates[r * image] + row, image - row, &shifted[r * image]);
        dHidden = shifted.data();
      }
      const size_t at = layer.at(k, first);
      const Backward backward = {layer.size,
                                 settings.directions[k],
                                 dHidden,
                                 hidden + at,
                                 cell + at,
                                 activations + 4 * at,
                                 initialHidden + k * h,
                                 initialCell + k * h,
                                 kernels[k],
                                 dGates.data()};
      backward.run<kRows>(own.scans[k]);
      for (int r = 0; r < kRows; r++) {
        const size_t start = (first + r) * layer.pixels() * features;
        const Map d = bordered(layer.gates, dGates.data() + 4 * r * image, 4 * h, memory);
        addKernelGradient(layer.inputTaps, bordered(layer.input, x + start, features, other), d, height,
                          width, own.inputs[k]);
        convolve(inputs[k], d, height, width, [=](int y, int c, int j, Vector v) {
          float *to = dx + start + static_cast<size_t>(y * width + c) * features + j;
          storeSome(to, v + loadSome(to, features - j), features - j);
        });
      }
    }
  });
  Sums total = zeros;
  for (const Sums &part : sums) {
    for (int k = 0; k < layer.directions; k++)
      total.inputs[k].add(part.inputs[k]), total.scans[k].add(part.scans[k]);
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
  const std::vector<const char *> attributes = {"rows: list(int)", "columns: list(int)",
                                                "cells_from: list(int)", "center: int", "keep: bool"};
  registerOperation<Settings, compute>(
      "RasterLstmLayer", attributes,
      {"x: float", "input: float", "input_bias: float", "state: float", "initial_hidden: float",
       "initial_cell: float", "up: float", "up_bias: float"},
      {"next: float", "hidden: float", "cell: float", "activations: float"});
  registerOperation<Settings, computeGradient>(
      "RasterLstmLayerGradient", attributes,
      {"d_next: float", "x: float", "hidden: float", "cell: float", "activations: float", "input: float",
       "state: float", "initial_hidden: float", "initial_cell: float", "up: float"},
      {"d_x: float", "d_input: float", "d_input_bias: float", "d_state: float", "d_initial_hidden: float",
       "d_initial_cell: float", "d_up: float", "d_up_bias: float"});
}
