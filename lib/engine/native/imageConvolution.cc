// The convolution that a network begins with: of an image, which has so few channels that the runtime's own kernels, made for many,
// spend most of their time on moving numbers. And the gradient of its kernel.
#include "conv.h"
#include "operations.h"

namespace {

struct Shape {
  /** The row and the column of the kernel that lie over the pixel itself. */
  int top = 0, left = 0;
  int dilation = 1;
};

void *createShape(TF_OpKernelConstruction *construction) {
  auto *shape = new Shape;
  TF_Status *status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt32(construction, "top", &shape->top, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "left", &shape->left, status);
  TF_OpKernelConstruction_GetAttrInt32(construction, "dilation", &shape->dilation, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return shape;
}

void deleteShape(void *shape) { delete static_cast<Shape *>(shape); }

struct Layer {
  int batch, height, width, channels;
  Taps taps;
  Frame image;
  Layer(Context &context, int rows, int columns, const Shape &shape)
      : batch(context.dimension(0, 0)), height(context.dimension(0, 1)), width(context.dimension(0, 2)),
        channels(context.dimension(0, 3)), taps(placedTaps(rows, columns, shape.top, shape.left, shape.dilation)) {
    const int below = std::max(0, rows - 1 - shape.top), sides = std::max(shape.left, columns - 1 - shape.left);
    image = {height, width, channels, {shape.top * shape.dilation, below * shape.dilation, sides * shape.dilation}};
  }
  size_t pixels() const { return static_cast<size_t>(height) * width; }
};

// x [B, H, W, C], kernel [rows, columns, C, K], bias [K] -> [B, H, W, K]
void compute(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const Layer layer(context, context.dimension(1, 0), context.dimension(1, 1), *static_cast<const Shape *>(state));
  const int outputs = context.dimension(1, 3);
  const float *x = context.input(0);
  const Kernel kernel = Kernel::of(layer.taps, layer.channels, outputs, context.input(1), context.input(2));
  float *y = context.output(0, {layer.batch, layer.height, layer.width, outputs});
  if (context.failed()) return;
  shareImages(layer.batch, [](int n, const auto &f) { inParallel(n, f); }, [&](int, int from, int to) {
    std::vector<float> memory;
    for (int image = from; image < to; image++) {
      const Map in = bordered(layer.image, x + image * layer.pixels() * layer.channels, layer.channels, memory);
      float *own = y + image * layer.pixels() * outputs;
      convolve(kernel, in, layer.height, layer.width, [&](int r, int c, int j, Vector sum) {
        if (j < outputs) storeSome(own + static_cast<size_t>(r * layer.width + c) * outputs + j, sum, outputs - j);
      });
    }
  });
}

// x [B, H, W, C], dy [B, H, W, K], a kernel [rows, columns, C, K] for its shape -> the gradient of the kernel
void computeKernel(void *state, TF_OpKernelContext *kernelContext) {
  Context context(kernelContext);
  const int rows = context.dimension(2, 0), columns = context.dimension(2, 1), outputs = context.dimension(2, 3);
  const Layer layer(context, rows, columns, *static_cast<const Shape *>(state));
  const Frame gradient = {layer.height, layer.width, outputs, {}};
  const float *x = context.input(0), *dy = context.input(1);
  float *dKernel = context.output(0, {rows, columns, layer.channels, outputs});
  if (context.failed()) return;
  const KernelGradient zeros(static_cast<int>(layer.taps.size()), layer.channels, outputs);
  std::vector<KernelGradient> sums(kTasks, zeros);
  shareImages(layer.batch, [](int n, const auto &f) { inParallel(n, f); }, [&](int task, int from, int to) {
    std::vector<float> memory, dMemory;
    for (int image = from; image < to; image++) {
      const Map in = bordered(layer.image, x + image * layer.pixels() * layer.channels, layer.channels, memory);
      const Map d = bordered(gradient, dy + image * layer.pixels() * outputs, outputs, dMemory);
      addKernelGradient(layer.taps, in, d, layer.height, layer.width, sums[task]);
    }
  });
  KernelGradient total = zeros;
  for (const KernelGradient &part : sums) total.add(part);
  std::vector<float> bias(outputs);
  total.write(dKernel, bias.data());
}

}  // namespace

void registerImageConvolution() {
  const std::vector<const char *> attributes = {"top: int", "left: int", "dilation: int"};
  registerOperation("RasterImageConvolution", attributes, {"x: float", "kernel: float", "bias: float"}, {"y: float"}, createShape,
                    compute, deleteShape);
  registerOperation("RasterImageConvolutionKernel", attributes, {"x: float", "dy: float", "kernel: float"}, {"d_kernel: float"},
                    createShape, computeKernel, deleteShape);
}
