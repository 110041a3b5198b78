// The project's own kernels: loaded beside tfjs-node's binding, they register operations with the same TensorFlow runtime
// and give JavaScript the function with which a sampler computes one pixel.
#include <node_api.h>

#include <algorithm>
#include <vector>

#include "simd.h"

void registerAdam();
void registerCrossEntropy();
void registerGate();
void registerGatedLayer();
void registerImageConvolution();
void registerLstmLayer();
void registerLstmScan();
void registerMaskedDense();
void registerThreeConvolutions();

namespace {

/** One masked convolution, its weights packed; what one pixel needs of it is computed by apply(). */
struct PixelKernel {
  int taps, inputs, outputs, columns, count;
  bool rectified;
  std::vector<float> weights, bias;
};

void check(napi_env env, napi_status status, const char *what) {
  if (status != napi_ok) napi_throw_error(env, nullptr, what);
}

int32_t integer(napi_env env, napi_value value) {
  int32_t number = 0;
  check(env, napi_get_value_int32(env, value, &number), "native kernels: expected an integer");
  return number;
}

struct Array {
  void *data = nullptr;
  size_t length = 0;
};

Array typedArray(napi_env env, napi_value value) {
  Array array;
  check(env, napi_get_typedarray_info(env, value, nullptr, &array.length, &array.data, nullptr, nullptr),
        "native kernels: expected a typed array");
  return array;
}

template <size_t Count>
struct Arguments {
  napi_value values[Count];
  Arguments(napi_env env, napi_callback_info info) {
    size_t given = Count;
    napi_get_cb_info(env, info, &given, values, nullptr, nullptr);
  }
  napi_value operator[](size_t index) const { return values[index]; }
};

/** createPixelKernel(weights [taps, inputs, outputs], bias [outputs], taps, inputs, outputs, count, rectified 0 or 1) */
napi_value createPixelKernel(napi_env env, napi_callback_info info) {
  const Arguments<7> arguments(env, info);
  napi_value result = nullptr;
  const auto *weights = static_cast<const float *>(typedArray(env, arguments[0]).data);
  const auto *bias = static_cast<const float *>(typedArray(env, arguments[1]).data);
  auto *kernel = new PixelKernel{integer(env, arguments[2]), integer(env, arguments[3]), integer(env, arguments[4]), 0,
                                 integer(env, arguments[5]), integer(env, arguments[6]) != 0, {}, {}};
  kernel->columns = (kernel->outputs + 2 * kLanes - 1) / (2 * kLanes) * (2 * kLanes);
  const int rows = kernel->taps * kernel->inputs;
  kernel->weights.resize(static_cast<size_t>(rows) * kernel->columns);
  kernel->bias.resize(kernel->columns);
  for (int k = 0; k < rows; k++)
    std::memcpy(&kernel->weights[k * kernel->columns], weights + k * kernel->outputs, kernel->outputs * sizeof(float));
  std::memcpy(kernel->bias.data(), bias, kernel->outputs * sizeof(float));
  const auto release = [](napi_env, void *data, void *) { delete static_cast<PixelKernel *>(data); };
  check(env, napi_create_external(env, kernel, release, nullptr, &result), "native kernels: no memory for a kernel");
  return result;
}

/** What an application of a kernel is given: see applyPixelKernel. */
struct PixelInputs {
  const float *inputs, *added;
  const int32_t *seen;
  int32_t taps;
  float *out;
};

/** Some images next to each other: their sums stay in registers from the first tap to the last. */
template <int Rows>
void applyTo(const PixelKernel &kernel, const PixelInputs &given, int image) {
  const int columns = kernel.columns, outputs = kernel.outputs, inputs = kernel.inputs;
  for (int column = 0; column < outputs; column += 2 * kLanes) {
    Vector sum[Rows][2];
    for (int r = 0; r < Rows; r++)
      for (int w = 0; w < 2; w++) sum[r][w] = load(&kernel.bias[column + w * kLanes]);
    for (int32_t k = 0; k < given.taps; k++) {
      const float *from = given.inputs + given.seen[2 * k + 1] + image * inputs;
      const float *weights = &kernel.weights[static_cast<size_t>(given.seen[2 * k]) * inputs * columns + column];
      for (int i = 0; i < inputs; i++, weights += columns) {
        const Vector first = load(weights), second = load(weights + kLanes);
        for (int r = 0; r < Rows; r++) {
          sum[r][0] += from[r * inputs + i] * first;
          sum[r][1] += from[r * inputs + i] * second;
        }
      }
    }
    for (int r = 0; r < Rows; r++) {
      for (int w = 0; w < 2; w++) {
        const int start = column + w * kLanes, n = outputs - start;
        if (n <= 0) continue;
        const size_t place = static_cast<size_t>(image + r) * outputs + start;
        const Vector total = given.added == nullptr ? sum[r][w] : sum[r][w] + loadSome(given.added + place, n);
        storeSome(given.out + place, kernel.rectified ? (total > 0.0f ? total : Vector{}) : total, n);
      }
    }
  }
}

/** applyPixelKernel(kernel, inputs, seen [taps, 2]: tap and where its inputs [count, inputs] start, taps, added or null, out) */
napi_value applyPixelKernel(napi_env env, napi_callback_info info) {
  const Arguments<6> arguments(env, info);
  void *data = nullptr;
  check(env, napi_get_value_external(env, arguments[0], &data), "native kernels: expected a pixel kernel");
  const auto &kernel = *static_cast<const PixelKernel *>(data);
  PixelInputs given;
  given.inputs = static_cast<const float *>(typedArray(env, arguments[1]).data);
  given.seen = static_cast<const int32_t *>(typedArray(env, arguments[2]).data);
  given.taps = integer(env, arguments[3]);
  napi_valuetype type = napi_null;
  napi_typeof(env, arguments[4], &type);
  given.added = type == napi_null ? nullptr : static_cast<const float *>(typedArray(env, arguments[4]).data);
  given.out = static_cast<float *>(typedArray(env, arguments[5]).data);
  int image = 0;
  for (; image + 8 <= kernel.count; image += 8) applyTo<8>(kernel, given, image);
  for (; image + 4 <= kernel.count; image += 4) applyTo<4>(kernel, given, image);
  for (; image < kernel.count; image++) applyTo<1>(kernel, given, image);
  return nullptr;
}

template <int Rows>
void addProductTo(const float *a, int aStride, int inner, const float *weights, int weightsStride, int columns, float *out,
                  int outStride) {
  Vector sum[Rows][2];
  for (int r = 0; r < Rows; r++)
    for (int w = 0; w < 2; w++) sum[r][w] = loadSome(out + r * outStride + w * kLanes, std::max(0, columns - w * kLanes));
  for (int k = 0; k < inner; k++) {
    const float *row = weights + static_cast<size_t>(k) * weightsStride;
    const Vector weight[2] = {loadSome(row, columns), loadSome(row + kLanes, std::max(0, columns - kLanes))};
    for (int r = 0; r < Rows; r++)
      for (int w = 0; w < 2; w++) sum[r][w] += a[r * aStride + k] * weight[w];
  }
  for (int r = 0; r < Rows; r++)
    for (int w = 0; w < 2; w++) storeSome(out + r * outStride + w * kLanes, sum[r][w], std::max(0, columns - w * kLanes));
}

/**
 * addMatrixProduct(a, weights, out, [rows, inner, columns, then where each starts and how far its rows lie apart]):
 * out [rows, columns] += a [rows, inner] · weights [inner, columns], each a part of a larger matrix
 */
napi_value addMatrixProduct(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  const auto *sizes = static_cast<const int32_t *>(typedArray(env, arguments[3]).data);
  const int rows = sizes[0], inner = sizes[1], columns = sizes[2];
  const auto *a = static_cast<const float *>(typedArray(env, arguments[0]).data) + sizes[3];
  const auto *weights = static_cast<const float *>(typedArray(env, arguments[1]).data) + sizes[5];
  auto *out = static_cast<float *>(typedArray(env, arguments[2]).data) + sizes[7];
  const int aStride = sizes[4], weightsStride = sizes[6], outStride = sizes[8];
  for (int column = 0; column < columns; column += 2 * kLanes) {
    const int width = std::min(2 * kLanes, columns - column);
    int row = 0;
    for (; row + kImages <= rows; row += kImages)
      addProductTo<kImages>(a + row * aStride, aStride, inner, weights + column, weightsStride, width,
                            out + row * outStride + column, outStride);
    for (; row < rows; row++)
      addProductTo<1>(a + row * aStride, aStride, inner, weights + column, weightsStride, width,
                      out + row * outStride + column, outStride);
  }
  return nullptr;
}

/** applyGate(x [count, 2 features], features, out [count, features]): tanh of the first half times sigmoid of the second */
napi_value applyGate(napi_env env, napi_callback_info info) {
  const Arguments<3> arguments(env, info);
  const auto *x = static_cast<const float *>(typedArray(env, arguments[0]).data);
  const int features = integer(env, arguments[1]);
  const Array result = typedArray(env, arguments[2]);
  auto *out = static_cast<float *>(result.data);
  for (size_t start = 0; start < result.length; start += features) {
    for (int j = 0; j < features; j += kLanes) {
      const float *from = x + 2 * start + j;
      const int n = features - j;
      storeSome(out + start + j, hyperbolicTangent(loadSome(from, n)) * sigmoid(loadSome(from + features, n)), n);
    }
  }
  return nullptr;
}

/** applyRectifier(x, out): max(x, 0); both may be the same array */
napi_value applyRectifier(napi_env env, napi_callback_info info) {
  const Arguments<2> arguments(env, info);
  const Array from = typedArray(env, arguments[0]);
  const auto *x = static_cast<const float *>(from.data);
  auto *out = static_cast<float *>(typedArray(env, arguments[1]).data);
  for (size_t i = 0; i < from.length; i++) out[i] = x[i] > 0.0f ? x[i] : 0.0f;
  return nullptr;
}

/** applyLstmCell(gates [count, 4 h] before their activation, h, cell [count, h] replaced by the new one, hidden [count, h]) */
napi_value applyLstmCell(napi_env env, napi_callback_info info) {
  const Arguments<4> arguments(env, info);
  const auto *gates = static_cast<const float *>(typedArray(env, arguments[0]).data);
  const int h = integer(env, arguments[1]);
  auto *cell = static_cast<float *>(typedArray(env, arguments[2]).data);
  const Array result = typedArray(env, arguments[3]);
  auto *hidden = static_cast<float *>(result.data);
  for (size_t start = 0; start < result.length; start += h) {
    for (int j = 0; j < h; j += kLanes) {
      const float *gate = gates + 4 * start + j;
      const int n = h - j;
      const Vector o = sigmoid(loadSome(gate, n)), f = sigmoid(loadSome(gate + h, n)), i = sigmoid(loadSome(gate + 2 * h, n));
      const Vector c = f * loadSome(cell + start + j, n) + i * hyperbolicTangent(loadSome(gate + 3 * h, n));
      storeSome(cell + start + j, c, n);
      storeSome(hidden + start + j, o * hyperbolicTangent(c), n);
    }
  }
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  registerAdam();
  registerCrossEntropy();
  registerGate();
  registerGatedLayer();
  registerImageConvolution();
  registerLstmLayer();
  registerLstmScan();
  registerMaskedDense();
  registerThreeConvolutions();
  const napi_property_descriptor properties[] = {
      {"createPixelKernel", nullptr, createPixelKernel, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"applyPixelKernel", nullptr, applyPixelKernel, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"addMatrixProduct", nullptr, addMatrixProduct, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"applyGate", nullptr, applyGate, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"applyRectifier", nullptr, applyRectifier, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"applyLstmCell", nullptr, applyLstmCell, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  check(env, napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties), "native kernels: cannot be exported");
  return exports;
}
