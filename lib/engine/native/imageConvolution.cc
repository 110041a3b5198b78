// The convolution that a network begins with: of an image, which has so few channels that the runtime's own
// kernels, made for many, spend most of their time on moving numbers. And the gradient of its kernel.
#include "kernelGradient.h"
#include "operations.h"

namespace {

struct Settings {
  /** The row and the column of the kernel that lie over the pixel itself. */
  int top, left, dilation;
  explicit Settings(Attributes &attributes)
      : top(attributes.integer("top", 0, kFurthest)), left(attributes.integer("left", 0, kFurthest)),
        dilation(attributes.integer("dilation", 1, kFurthest)) {}
};

struct Layer {
  int batch, height, width, channels;
  Taps taps;
  Frame image;
  Layer(Context &context, const Input<float> &x, int rows, int columns, const Settings &settings)
      : batch(x[0]), height(x[1]), width(x[2]), channels(x[3]) {
    if (!context.require(rows <= kFurthest && columns <= kFurthest, "the kernel is too large")) return;
    taps = placedTaps(rows, columns, settings.top, settings.left, settings.dilation);
    const int below = std::max(0, rows - 1 - settings.top),
              sides = std::max(settings.left, columns - 1 - settings.left);
    image = {height,
             width,
             channels,
             {settings.top * settings.dilation, below * settings.dilation, sides * settings.dilation}};
    context.require(countable(image), "the image with its border is too large");
  }
  size_t pixels() const { return static_cast<size_t>(height) * width; }
};

// x [B, H, W, C], kernel [rows, columns, C, K], bias [K] -> [B, H, W, K]
void compute(const Settings &settings, Context &context) {
  const Input<float> image = context.input(0, "x", {kAny, kAny, kAny, kAny});
  const Input<float> weights = context.input(1, "kernel", {kAny, kAny, image[3], kAny});
  const int outputs = weights[3];
  const float *x = image.data, *bias = context.input(2, "bias", {outputs}).data;
  const Layer layer(context, image, weights[0], weights[1], settings);
  float *y = context.output(0, {layer.batch, layer.height, layer.width, outputs});
  if (context.failed()) return;
  const Kernel kernel = Kernel::of(layer.taps, layer.channels, outputs, weights.data, bias);
  shareImages(layer.batch, [&](int, int from, int to) {
    Floats memory;
    for (int image = from; image < to; image++) {
      const Map in =
          bordered(layer.image, x + image * layer.pixels() * layer.channels, layer.channels, memory);
      float *own = y + image * layer.pixels() * outputs;
      const int width = layer.width;
      convolve(kernel, in, layer.height, width, [=](int r, int c, int j, Vector sum) {
        storeSome(own + static_cast<size_t>(r * width + c) * outputs + j, sum, outputs - j);
      });
    }
  });
}

// x [B, H, W, C], dy [B, H, W, K], a kernel [rows, columns, C, K] for its shape -> the gradient of the kernel
void computeKernel(const Settings &settings, Context &context) {
  const Input<float> image = context.input(0, "x", {kAny, kAny, kAny, kAny});
  const Input<float> weights = context.input(2, "kernel", {kAny, kAny, image[3], kAny});
  const int outputs = weights[3];
  const float *x = image.data, *dy = context.input(1, "dy", {image[0], image[1], image[2], outputs}).data;
  const Layer layer(context, image, weights[0], weights[1], settings);
  const Frame gradient = {layer.height, layer.width, outputs, {}};
  context.require(countable(gradient), "dy is too large");
  float *dKernel = context.output(0, weights.shape);
  if (context.failed()) return;
  const KernelGradient zeros(static_cast<int>(layer.taps.size()), layer.channels, outputs);
  std::vector<KernelGradient> sums(std::min(kTasks, layer.batch), zeros);
  shareImages(layer.batch, [&](int task, int from, int to) {
    Floats memory, dMemory;
    for (int image = from; image < to; image++) {
      const Map in =
          bordered(layer.image, x + image * layer.pixels() * layer.channels, layer.channels, memory);
      const Map d = bordered(gradient, dy + image * layer.pixels() * outputs, outputs, dMemory);
      addKernelGradient(layer.taps, in, d, layer.height, layer.width, sums[task]);
    }
  });
  KernelGradient total = zeros;
  for (const KernelGradient &part : sums) total.add(part);
  Floats bias(outputs);
  total.write(dKernel, bias.data());
}

}  // namespace

void registerImageConvolution() {
  const std::vector<const char *> attributes = {"top: int", "left: int", "dilation: int"};
  registerOperation<Settings, compute>("RasterImageConvolution", attributes,
                                       {"x: float", "kernel: float", "bias: float"}, {"y: float"});
  registerOperation<Settings, computeKernel>("RasterImageConvolutionKernel", attributes,
                                             {"x: float", "dy: float", "kernel: float"}, {"d_kernel: float"});
}
