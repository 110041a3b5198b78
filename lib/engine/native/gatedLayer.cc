// A layer of the Gated PixelCNN (van den Oord et al. 2016b, figure 2) and its gradient, as two operations:
//   above = vertical * v + class, left = horizontal * h + link * above + class,
//   v' = gate(above), h' = h + point * gate(left), with gate(a, b) = tanh(a) sigmoid(b).
// The two stacks v and h are the first and the second half of the channels of one tensor. In the first layer both are the image, and
// nothing is added to point; the last layer gives h' alone.
// lib/layers/gated.ts composes the same of single convolutions where these are not there.
#include "conv.h"
#include "operations.h"

namespace {

const Taps kPoint = {{0, 0}};

struct Shape {
  bool first = false, last = false;
  /** The row of the vertical kernel that lies over the pixel itself, or would if it went on. */
  int verticalTop = 1;
  /** The column of the kernels that lies over the pixel itself. */
  int verticalCenter = 1, horizontalCenter = 1;
  /** How far the taps of both kernels lie apart. */
  int dilation = 1;
};

void *createShape(TF_OpKernelConstruction *construction) {
  auto *shape = new Shape;
  TF_Status *status = TF_NewStatus();
  unsigned char first = 0, last = 0;
  TF_OpKernelConstruction_GetAttrBool(construction, "first", &first, status);
  TF_OpKernelConstruction_GetAttrBool(construction, "last", &last, status);
  shape->first = first != 0, shape->last = last != 0;
  TF_OpKernelConstruction_GetAttrInt32(construction, "vertical_top", &shape->verticalTop, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "vertical_center", &shape->verticalCenter, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "horizontal_center", &shape->horizontalCenter, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "dilation", &shape->dilation, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return shape;
}

void deleteShape(void *shape) { delete static_cast<Shape *>(shape); }

struct Layer {
  int batch, height, width, inputs, features;
  /** How far pixels lie apart in the tensor of inputs, and in that of outputs. */
  int from, to;
  Taps verticalTaps, horizontalTaps;
  /** Inputs with the border that the kernels reach; what is before the gates, without and with the border that gradients reach. */
  Frame v, h, before, dAbove, dLeft, plain;

  Layer(Context &context, int input, int verticalKernel, int horizontalKernel, const Shape &shape) {
    batch = context.dimension(input, 0), height = context.dimension(input, 1), width = context.dimension(input, 2);
    inputs = context.dimension(verticalKernel, 2), features = context.dimension(verticalKernel, 3) / 2;
    from = context.dimension(input, 3), to = shape.last ? features : 2 * features;
    const int rows = context.dimension(verticalKernel, 0), columns = context.dimension(verticalKernel, 1);
    const int length = context.dimension(horizontalKernel, 1);
    verticalTaps = placedTaps(rows, columns, shape.verticalTop, shape.verticalCenter, shape.dilation);
    horizontalTaps = placedTaps(1, length, 0, shape.horizontalCenter, shape.dilation);
    const int above = shape.verticalTop * shape.dilation;
    const int sides = std::max(shape.verticalCenter, columns - 1 - shape.verticalCenter) * shape.dilation;
    const int beside = std::max(shape.horizontalCenter, length - 1 - shape.horizontalCenter) * shape.dilation;
    v = {height, width, inputs, {above, 0, sides}};
    h = {height, width, inputs, {0, 0, beside}};
    plain = {height, width, features, {}};
    before = {height, width, 2 * features, {}};
    dAbove = {height, width, 2 * features, {0, above, sides}};
    dLeft = {height, width, 2 * features, {0, 0, beside}};
  }
  size_t saved() const { return 2 * before.floats(); }
};

/** Calls run(y, x, channel) for each sixteen of the channels of all pixels. */
template <typename Run>
void forAll(const Frame &frame, const Run &run) {
  for (int y = 0; y < frame.height; y++)
    for (int x = 0; x < frame.width; x++)
      for (int j = 0; j < frame.channels; j += kLanes) run(y, x, j);
}

Vector gateOf(const float *pixel, int features, int j) {
  return hyperbolicTangent(load(pixel + j)) * sigmoid(load(pixel + features + j));
}

/** The gradient of what is before a gate, from that of what is behind it; into a pixel of 2 · features channels. */
void addGateGradient(const float *pixel, int features, int j, Vector d, float *into) {
  const int n = features - j;
  const Vector t = hyperbolicTangent(load(pixel + j)), s = sigmoid(load(pixel + features + j));
  storeSome(into + j, loadSome(into + j, n) + d * s * (1.0f - t * t), n);
  storeSome(into + features + j, loadSome(into + features + j, n) + d * t * s * (1.0f - s), n);
}

void addPixels(const Map &map, const Frame &frame, float *sums) {
  for (int j = 0; j < frame.channels; j += kLanes) {
    Vector sum = {};
    for (int y = 0; y < frame.height; y++)
      for (int x = 0; x < frame.width; x++) sum += load(map.at(y, x) + j);
    storeSome(sums + j, sum, frame.channels - j);
  }
}

// v and h [B, H, W, 2 f], or the image [B, H, W, C]; kernel and bias of vertical, horizontal, link, point; the class's share [1 or B, 2 f] of above and of left
// -> v' and h' [B, H, W, 2 f], or h' alone [B, H, W, f]; saved
void compute(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &shape = *static_cast<const Shape *>(state);
  const Layer layer(context, 0, 1, 3, shape);
  const int height = layer.height, width = layer.width, features = layer.features, twice = 2 * features;
  const float *v = context.input(0), *h = shape.first ? v : v + features, *classAbove = context.input(9), *classLeft = context.input(10);
  const Kernel vertical = Kernel::of(layer.verticalTaps, layer.inputs, twice, context.input(1), context.input(2));
  const Kernel horizontal = Kernel::of(layer.horizontalTaps, layer.inputs, twice, context.input(3), context.input(4));
  const Kernel link = Kernel::of(kPoint, twice, twice, context.input(5), context.input(6));
  const Kernel point = Kernel::of(kPoint, features, features, context.input(7), context.input(8));
  const bool classes = context.dimension(9, 0) == layer.batch;
  float *nextV = context.output(0, {layer.batch, height, width, layer.to}), *nextH = shape.last ? nextV : nextV + features;
  float *saved = context.output(1, {layer.batch, static_cast<int64_t>(layer.saved())});
  if (context.failed()) return;
  shareImages(layer.batch, [](int n, const auto &f) { inParallel(n, f); }, [&](int, int from, int to) {
    std::vector<float> vMemory, hMemory, gateMemory(layer.plain.floats());
    for (int image = from; image < to; image++) {
      const size_t pixels = static_cast<size_t>(height) * width, start = image * pixels * layer.from;
      const auto place = [&](int r, int c, int j) { return (image * pixels + r * width + c) * layer.to + j; };
      const float *toldAbove = classAbove + (classes ? image * twice : 0), *toldLeft = classLeft + (classes ? image * twice : 0);
      float *kept = saved + image * layer.saved();
      const Map above = layer.before.in(kept), left = layer.before.in(kept + layer.before.floats());
      const Map gated = layer.plain.in(gateMemory.data());
      convolve(vertical, bordered(layer.v, v + start, layer.from, vMemory), height, width, [&](int r, int c, int j, Vector x) {
        store(above.at(r, c) + j, x + loadSome(toldAbove + j, std::max(0, twice - j)));
      });
      convolve(link, above, height, width, [&](int r, int c, int j, Vector x) {
        store(left.at(r, c) + j, x + loadSome(toldLeft + j, std::max(0, twice - j)));
      });
      convolve(horizontal, bordered(layer.h, h + start, layer.from, hMemory), height, width, [&](int r, int c, int j, Vector x) {
        store(left.at(r, c) + j, x + load(left.at(r, c) + j));
      });
      forAll(layer.plain, [&](int r, int c, int j) {
        if (!shape.last) storeSome(nextV + place(r, c, j), gateOf(above.at(r, c), features, j), features - j);
        store(gated.at(r, c) + j, gateOf(left.at(r, c), features, j));
      });
      convolve(point, gated, height, width, [&](int r, int c, int j, Vector x) {
        const int n = features - j;
        if (n <= 0) return;
        const float *own = h + start + (r * width + c) * layer.from + j;
        storeSome(nextH + place(r, c, j), shape.first ? x : x + loadSome(own, n), n);
      });
    }
  });
}

// dv' and dh', v and h, saved, kernels of vertical, horizontal, link, point
// -> dv and dh, kernel and bias gradients of the four, and those of what the class gives to above and to left [B, 2 f]
void computeGradient(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const auto &shape = *static_cast<const Shape *>(state);
  const Layer layer(context, 1, 3, 4, shape);
  const int height = layer.height, width = layer.width, features = layer.features, twice = 2 * features;
  const float *dNextV = context.input(0), *dNextH = shape.last ? dNextV : dNextV + features;
  const float *v = context.input(1), *h = shape.first ? v : v + features;
  const float *saved = context.input(2);
  const float *verticalWeights = context.input(3), *horizontalWeights = context.input(4);
  const Kernel vertical = Kernel::transposed(layer.verticalTaps, layer.inputs, twice, verticalWeights);
  const Kernel horizontal = Kernel::transposed(layer.horizontalTaps, layer.inputs, twice, horizontalWeights);
  const Kernel link = Kernel::transposed(kPoint, twice, twice, context.input(5));
  const Kernel point = Kernel::transposed(kPoint, features, features, context.input(6));
  float *dv = context.output(0, {layer.batch, height, width, layer.from}), *dh = dv + features;
  float *dVertical = context.output(1, {context.dimension(3, 0), context.dimension(3, 1), layer.inputs, twice});
  float *dVerticalBias = context.output(2, {twice});
  float *dHorizontal = context.output(3, {1, context.dimension(4, 1), layer.inputs, twice});
  float *dHorizontalBias = context.output(4, {twice});
  float *dLink = context.output(5, {1, 1, twice, twice}), *dLinkBias = context.output(6, {twice});
  float *dPoint = context.output(7, {1, 1, features, features}), *dPointBias = context.output(8, {features});
  float *dClassAbove = context.output(9, {layer.batch, twice}), *dClassLeft = context.output(10, {layer.batch, twice});
  if (context.failed()) return;
  struct Sums {
    KernelGradient vertical, horizontal, link, point;
  };
  const Sums zeros = {{static_cast<int>(layer.verticalTaps.size()), layer.inputs, twice},
                      {static_cast<int>(layer.horizontalTaps.size()), layer.inputs, twice},
                      {1, twice, twice},
                      {1, features, features}};
  std::vector<Sums> sums(kTasks, zeros);
  shareImages(layer.batch, [](int n, const auto &f) { inParallel(n, f); }, [&](int task, int from, int to) {
    std::vector<float> vMemory, hMemory, dMemory, gateMemory(layer.plain.floats());
    std::vector<float> aboveMemory(layer.dAbove.floats()), leftMemory(layer.dLeft.floats());
    Sums &own = sums[task];
    for (int image = from; image < to; image++) {
      const size_t pixels = static_cast<size_t>(height) * width, start = image * pixels * layer.from;
      const auto place = [&](int r, int c, int j) { return (image * pixels + r * width + c) * layer.to + j; };
      const auto before = [&](int r, int c, int j) { return start + static_cast<size_t>(r * width + c) * layer.from + j; };
      float *kept = const_cast<float *>(saved) + image * layer.saved();
      const Map above = layer.before.in(kept), left = layer.before.in(kept + layer.before.floats());
      const Map gated = layer.plain.in(gateMemory.data());
      const Map d = bordered(layer.plain, dNextH + place(0, 0, 0), layer.to, dMemory);
      forAll(layer.plain, [&](int r, int c, int j) { store(gated.at(r, c) + j, gateOf(left.at(r, c), features, j)); });
      addKernelGradient(kPoint, gated, d, height, width, own.point);
      std::fill(leftMemory.begin(), leftMemory.end(), 0.0f);
      const Map dLeft = layer.dLeft.in(leftMemory.data());
      convolve(point, d, height, width, [&](int r, int c, int j, Vector x) {
        if (j < features) addGateGradient(left.at(r, c), features, j, x, dLeft.at(r, c));
      });
      addPixels(dLeft, layer.dLeft, dClassLeft + image * twice);
      addKernelGradient(kPoint, above, dLeft, height, width, own.link);
      addKernelGradient(layer.horizontalTaps, bordered(layer.h, h + start, layer.from, hMemory), dLeft, height, width, own.horizontal);
      const Map dAbove = layer.dAbove.cleared(aboveMemory.data());
      convolve(link, dLeft, height, width, [&](int r, int c, int j, Vector x) { store(dAbove.at(r, c) + j, x); });
      if (!shape.last) forAll(layer.plain, [&](int r, int c, int j) {
        addGateGradient(above.at(r, c), features, j, loadSome(dNextV + place(r, c, j), features - j), dAbove.at(r, c));
      });
      addPixels(dAbove, layer.dAbove, dClassAbove + image * twice);
      addKernelGradient(layer.verticalTaps, bordered(layer.v, v + start, layer.from, vMemory), dAbove, height, width, own.vertical);
      if (shape.first) {
        for (int r = 0; r < height; r++)
          for (int c = 0; c < width; c++)
            for (int k = 0; k < layer.inputs; k++)
              dv[before(r, c, k)] = inputGradient(layer.verticalTaps, layer.inputs, twice, verticalWeights, dAbove, r, c, k) +
                                    inputGradient(layer.horizontalTaps, layer.inputs, twice, horizontalWeights, dLeft, r, c, k);
        continue;
      }
      convolve(vertical, dAbove, height, width, [&](int r, int c, int j, Vector x) {
        if (j < features) storeSome(dv + before(r, c, j), x, features - j);
      });
      convolve(horizontal, dLeft, height, width, [&](int r, int c, int j, Vector x) {
        if (j < features) storeSome(dh + before(r, c, j), x + load(d.at(r, c) + j), features - j);
      });
    }
  });
  Sums total = zeros;
  for (const Sums &part : sums) {
    total.vertical.add(part.vertical);
    total.horizontal.add(part.horizontal);
    total.link.add(part.link);
    total.point.add(part.point);
  }
  total.vertical.write(dVertical, dVerticalBias);
  total.horizontal.write(dHorizontal, dHorizontalBias);
  total.link.write(dLink, dLinkBias);
  total.point.write(dPoint, dPointBias);
}

}  // namespace

void registerGatedLayer() {
  const std::vector<const char *> attributes = {"first: bool",           "last: bool",             "vertical_top: int",
                                                "vertical_center: int", "horizontal_center: int", "dilation: int"};
  registerOperation("RasterGatedLayer", attributes,
                    {"stacks: float", "vertical: float", "vertical_bias: float", "horizontal: float",
                     "horizontal_bias: float", "link: float", "link_bias: float", "point: float", "point_bias: float",
                     "class_above: float", "class_left: float"},
                    {"next: float", "saved: float"}, createShape, compute, deleteShape);
  registerOperation("RasterGatedLayerGradient", attributes,
                    {"d_next: float", "stacks: float", "saved: float", "vertical: float", "horizontal: float",
                     "link: float", "point: float"},
                    {"d_stacks: float", "d_vertical: float", "d_vertical_bias: float", "d_horizontal: float",
                     "d_horizontal_bias: float", "d_link: float", "d_link_bias: float", "d_point: float",
                     "d_point_bias: float", "d_class_above: float", "d_class_left: float"},
                    createShape, computeGradient, deleteShape);
}
