// y = third(relu(second(relu(first(relu(x)))))), plus x where that is asked for, and its gradient, as two operations: the residual
// block of PixelCNN (van den Oord et al. 2016a, figure 5), and the layers before the logits (table 1). The first and the third
// kernel are 1 x 1. lib/layers/reluConvolutions.ts composes the same of single convolutions where these are not there.
#include "conv.h"
#include "operations.h"

namespace {

struct Shape {
  /** Of the second kernel. */
  int dilation = 1, centerColumn = 0;
  TF_Bool residual = 0;
};

void *createShape(TF_OpKernelConstruction *construction) {
  auto *shape = new Shape;
  TF_Status *status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt32(construction, "dilation", &shape->dilation, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "center_column", &shape->centerColumn, status);
  TF_OpKernelConstruction_GetAttrBool(construction, "residual", &shape->residual, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return shape;
}

void deleteShape(void *shape) { delete static_cast<Shape *>(shape); }

/** Sizes, and where the maps that the gradient needs lie in what is saved of one image. */
struct Layers {
  int batch, height, width;
  /** Channels of x, after the first, the second and the third convolution. */
  int in, low, high, out;
  Taps taps;
  Frame input, first, second, output;
  size_t saved;

  /** @param x, kernel which inputs are x and the first of the three kernels; @param step from one kernel to the next */
  Layers(Context &context, int x, int kernel, int step, const Shape &shape) {
    batch = context.dimension(x, 0), height = context.dimension(x, 1), width = context.dimension(x, 2);
    in = context.dimension(x, 3), low = context.dimension(kernel, 3);
    high = context.dimension(kernel + step, 3), out = context.dimension(kernel + 2 * step, 3);
    const int rows = context.dimension(kernel + step, 0), columns = context.dimension(kernel + step, 1);
    taps = rasterTaps(rows, columns, shape.centerColumn, shape.dilation);
    const int sides = std::max(shape.centerColumn, columns - 1 - shape.centerColumn) * shape.dilation;
    input = {height, width, in, {}};
    first = {height, width, low, {(rows - 1) * shape.dilation, 0, sides}};
    second = {height, width, high, {}};
    output = {height, width, out, {}};
    saved = first.floats() + second.floats();
  }
};

const Taps kPoint = {{0, 0}};

/** The channels of one image [H, W, C] as a padded map, through a function of each sixteen. */
template <typename Change>
Map padded(const Frame &frame, const float *from, std::vector<float> &memory, const Change &change) {
  memory.resize(frame.floats());
  const Map map = frame.in(memory.data());
  for (int y = 0; y < frame.height; y++)
    for (int x = 0; x < frame.width; x++, from += frame.channels)
      for (int j = 0; j < frame.pixel(); j += kLanes)
        store(map.at(y, x) + j, change(loadSome(from + j, std::max(0, frame.channels - j))));
  return map;
}

// x [B, H, W, in], kernels and biases of the three -> y [B, H, W, out], saved
void compute(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &shape = *static_cast<const Shape *>(state);
  const Layers layers(context, 0, 1, 2, shape);
  const float *x = context.input(0);
  const Kernel first = Kernel::of(kPoint, layers.in, layers.low, context.input(1), context.input(2));
  const Kernel second = Kernel::of(layers.taps, layers.low, layers.high, context.input(3), context.input(4));
  const Kernel third = Kernel::of(kPoint, layers.high, layers.out, context.input(5), context.input(6));
  float *y = context.output(0, {layers.batch, layers.height, layers.width, layers.out});
  float *saved = context.output(1, {layers.batch, static_cast<int64_t>(layers.saved)});
  if (context.failed()) return;
  shareImages(layers.batch, [](int n, const auto &f) { inParallel(n, f); }, [&](int, int from, int to) {
    const int height = layers.height, width = layers.width, out = layers.out;
    std::vector<float> memory;
    for (int image = from; image < to; image++) {
      const size_t start = static_cast<size_t>(image) * height * width;
      const Map features = padded(layers.input, x + start * layers.in, memory, positive);
      const Map low = layers.first.cleared(saved + image * layers.saved);
      const Map high = layers.second.in(saved + image * layers.saved + layers.first.floats());
      convolve(first, features, height, width, [&](int r, int c, int j, Vector v) { store(low.at(r, c) + j, positive(v)); });
      convolve(second, low, height, width, [&](int r, int c, int j, Vector v) { store(high.at(r, c) + j, positive(v)); });
      convolve(third, high, height, width, [&](int r, int c, int j, Vector v) {
        const int n = out - j;
        const size_t place = (start + r * width + c) * out + j;
        if (n > 0) storeSome(y + place, shape.residual ? v + loadSome(x + place, n) : v, n);
      });
    }
  });
}

// dy, x, saved, the three kernels -> dx, and the gradients of kernels and biases
void computeGradient(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &shape = *static_cast<const Shape *>(state);
  const Layers layers(context, 1, 3, 1, shape);
  const int height = layers.height, width = layers.width, in = layers.in, low = layers.low, high = layers.high, out = layers.out;
  const float *dy = context.input(0), *x = context.input(1), *saved = context.input(2);
  const Kernel first = Kernel::transposed(kPoint, in, low, context.input(3));
  const Kernel second = Kernel::transposed(layers.taps, low, high, context.input(4));
  const Kernel third = Kernel::transposed(kPoint, high, out, context.input(5));
  float *dx = context.output(0, {layers.batch, height, width, in});
  float *dFirst = context.output(1, {1, 1, in, low}), *dFirstBias = context.output(2, {low});
  float *dSecond = context.output(3, {context.dimension(4, 0), context.dimension(4, 1), low, high});
  float *dSecondBias = context.output(4, {high});
  float *dThird = context.output(5, {1, 1, high, out}), *dThirdBias = context.output(6, {out});
  if (context.failed()) return;
  struct Sums {
    KernelGradient first, second, third;
  };
  const int taps = static_cast<int>(layers.taps.size());
  const Sums zeros = {{1, in, low}, {taps, low, high}, {1, high, out}};
  std::vector<Sums> sums(kTasks, zeros);
  const Frame highFrame = {height, width, high, {0, layers.first.border.above, layers.first.border.sides}};
  const Frame lowFrame = {height, width, low, {}};
  shareImages(layers.batch, [](int n, const auto &f) { inParallel(n, f); }, [&](int task, int from, int to) {
    std::vector<float> inputMemory, outputMemory, highMemory(highFrame.floats()), lowMemory(lowFrame.floats());
    Sums &own = sums[task];
    for (int image = from; image < to; image++) {
      const size_t start = static_cast<size_t>(image) * height * width;
      float *kept = const_cast<float *>(saved) + image * layers.saved;
      const Map lowMap = layers.first.in(kept), highMap = layers.second.in(kept + layers.first.floats());
      const Map d = padded(layers.output, dy + start * out, outputMemory, [](Vector v) { return v; });
      const Map dHigh = highFrame.cleared(highMemory.data()), dLow = lowFrame.in(lowMemory.data());
      convolve(third, d, height, width, [&](int r, int c, int j, Vector v) {
        store(dHigh.at(r, c) + j, whereAlive(v, load(highMap.at(r, c) + j)));
      });
      addKernelGradient(kPoint, highMap, d, height, width, own.third);
      convolve(second, dHigh, height, width, [&](int r, int c, int j, Vector v) {
        store(dLow.at(r, c) + j, whereAlive(v, load(lowMap.at(r, c) + j)));
      });
      addKernelGradient(layers.taps, lowMap, dHigh, height, width, own.second);
      const Map input = padded(layers.input, x + start * in, inputMemory, positive);
      convolve(first, dLow, height, width, [&](int r, int c, int j, Vector v) {
        const int n = in - j;
        if (n <= 0) return;
        const Vector inside = whereAlive(v, load(input.at(r, c) + j));
        storeSome(dx + (start + r * width + c) * in + j, shape.residual ? inside + load(d.at(r, c) + j) : inside, n);
      });
      addKernelGradient(kPoint, input, dLow, height, width, own.first);
    }
  });
  Sums total = zeros;
  for (const Sums &part : sums) {
    total.first.add(part.first);
    total.second.add(part.second);
    total.third.add(part.third);
  }
  total.first.write(dFirst, dFirstBias);
  total.second.write(dSecond, dSecondBias);
  total.third.write(dThird, dThirdBias);
}

}  // namespace

void registerThreeConvolutions() {
  const std::vector<const char *> attributes = {"dilation: int", "center_column: int", "residual: bool"};
  registerOperation("RasterThreeConvolutions", attributes,
                    {"x: float", "first: float", "first_bias: float", "second: float", "second_bias: float", "third: float",
                     "third_bias: float"},
                    {"y: float", "saved: float"}, createShape, compute, deleteShape);
  registerOperation("RasterThreeConvolutionsGradient", attributes,
                    {"dy: float", "x: float", "saved: float", "first: float", "second: float", "third: float"},
                    {"dx: float", "d_first: float", "d_first_bias: float", "d_second: float", "d_second_bias: float",
                     "d_third: float", "d_third_bias: float"},
                    createShape, computeGradient, deleteShape);
}
