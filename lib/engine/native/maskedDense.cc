// A dense layer whose weights are masked by degrees (MADE, equations 12 and 13): weight (i, j) lives
// where the degree of output j is at least that of input i, or above it for the last layer. The mask is
// never written down, and where the degrees are sorted, as in raster order, the dead half of the matrix
// is neither read nor multiplied.
#include <climits>

#include "operations.h"
#include "simd.h"

namespace {

/** Columns of a task: a multiple of two vectors. */
constexpr int kBlock = 128;
/** Inputs whose weights are held in registers, or in a core's cache, together. */
constexpr int kGroup = 8;

/** Which weights live: those of an input whose degree is at most the output's. */
class Live {
 public:
  /** @param strict whether an output must be above its inputs: then one is taken off its degree */
  Live(const int32_t *below, int inputs, const int32_t *above, int outputs, bool strict)
      : below_(below), above_(padded(outputs), INT_MIN) {
    for (int j = 0; j < outputs; j++) above_[j] = above[j] - strict;
    for (int j = 0; j < outputs; j += kLanes)
      most_.push_back(*std::max_element(&above_[j], &above_[j] + kLanes));
    for (int i = 0; i < inputs; i += kGroup)
      least_.push_back(*std::min_element(below + i, below + std::min(i + kGroup, inputs)));
  }
  /** Whether any of the group of inputs from i on reaches one of the sixteen outputs from j on. */
  bool any(int i, int j) const { return least_[i / kGroup] <= most_[j / kLanes]; }
  /** Sixteen numbers of input i, the first of them of output j, with zeros for the dead. */
  Vector masked(Vector numbers, int i, int j) const {
    IntVector degrees;
    std::memcpy(&degrees, &above_[j], sizeof degrees);
    return degrees >= IntVector{} + below_[i] ? numbers : Vector{};
  }

 private:
  const int32_t *below_;
  /** Padded with outputs that nothing reaches. */
  std::vector<int32_t> above_;
  /** The lowest degree of each group of inputs, the highest of each sixteen outputs. */
  std::vector<int32_t> least_, most_;
};

/** The numbers of a group of inputs, zeros where the last group is not full. */
inline void copyGroup(const float *from, int count, float *to) {
  if (count == kGroup) {
    std::memcpy(to, from, kGroup * sizeof(float));
  } else {
    for (int r = 0; r < kGroup; r++) to[r] = r < count ? from[r] : 0.0f;
  }
}

struct Settings {
  bool strict, relu;
  explicit Settings(Attributes &attributes)
      : strict(attributes.flag("strict")), relu(attributes.flag("relu")) {}
};

int blocks(int n, int block) { return (n + block - 1) / block; }

/**
 * Asks for what the next group of inputs has in the same columns. Its rows lie in as many pages of memory,
 * and a block has too few columns for the processor to see by itself where it goes on.
 */
template <int Width, bool ToWrite>
inline void prefetch(const float *next, int outputs) {
  for (int r = 0; r < kGroup; r++)
    for (int w = 0; w < Width; w++)
      __builtin_prefetch(next + static_cast<size_t>(r) * outputs + w * kLanes, ToWrite);
}

/**
 * sums [batch, kBlock] += x [batch, the group of inputs from i on] · weights, for the
 * sixteen or 32 columns from j on.
 */
template <int Width>
void addGroup(const Live &live, const float *x, int inputs, int batch, const float *weights, int outputs,
              int i, int j, float *sums) {
  const int rows = std::min(kGroup, inputs - i);
  prefetch<Width, false>(weights + static_cast<size_t>(i + kGroup) * outputs + j, outputs);
  Vector held[kGroup][Width] = {};
  for (int r = 0; r < rows; r++)
    for (int w = 0; w < Width; w++) {
      const int column = j + w * kLanes;
      held[r][w] = live.masked(
          loadSome(weights + static_cast<size_t>(i + r) * outputs + column, outputs - column), i + r, column);
    }
  for (int b = 0; b < batch; b++) {
    float values[kGroup];
    copyGroup(x + static_cast<size_t>(b) * inputs + i, rows, values);
    Vector sum[Width];
    for (int w = 0; w < Width; w++) sum[w] = load(sums + b * kBlock + w * kLanes);
    for (int r = 0; r < kGroup; r++)
      for (int w = 0; w < Width; w++) sum[w] += values[r] * held[r][w];
    for (int w = 0; w < Width; w++) store(sums + b * kBlock + w * kLanes, sum[w]);
  }
}

// x [B, inputs], weights [inputs, outputs], added [outputs] or [B, outputs], degrees below [inputs] and
// above [outputs] -> [B, outputs]
void compute(const Settings &settings, Context &context) {
  const Input<float> given = context.input(0, "x", {kAny, kAny});
  const int batch = given[0], inputs = given[1];
  const Input<float> matrix = context.input(1, "weights", {inputs, kAny});
  const int outputs = matrix[1];
  const bool each = context.shapeOf(2).size() == 2;
  const float *x = given.data, *weights = matrix.data;
  const float *added =
      context.input(2, "added", each ? std::vector<int64_t>{batch, outputs} : std::vector<int64_t>{outputs})
          .data;
  const int addedStep = each ? outputs : 0;
  const int32_t *below = context.integers(3, "below", {inputs}).data,
                *above = context.integers(4, "above", {outputs}).data;
  float *y = context.output(0, {batch, outputs});
  if (context.failed()) return;
  const Live live(below, inputs, above, outputs, settings.strict);
  const int count = blocks(outputs, kBlock);
  inParallel(count, [&](int task) {
    // In raster order the last block has the most weights that live. It goes first: no core waits long.
    const int start = (count - 1 - task) * kBlock, end = std::min(start + kBlock, outputs);
    std::vector<float> sums(static_cast<size_t>(batch) * kBlock);
    for (int b = 0; b < batch; b++)
      std::memcpy(&sums[b * kBlock], added + static_cast<size_t>(b) * addedStep + start,
                  (end - start) * sizeof(float));
    for (int i = 0; i < inputs; i += kGroup) {
      for (int j = start; j < end; j += 2 * kLanes) {
        float *to = &sums[j - start];
        if (j + kLanes < end && live.any(i, j + kLanes))
          addGroup<2>(live, x, inputs, batch, weights, outputs, i, j, to);
        else if (live.any(i, j)) addGroup<1>(live, x, inputs, batch, weights, outputs, i, j, to);
      }
    }
    for (int b = 0; b < batch; b++) {
      float *to = y + static_cast<size_t>(b) * outputs + start;
      for (int j = 0; j < end - start; j++) {
        const float sum = sums[b * kBlock + j];
        to[j] = settings.relu && sum <= 0.0f ? 0.0f : sum;  // NaN stays
      }
    }
  });
}

/** Inputs whose gradients are summed together, and images: as many as there are registers for. */
constexpr int kWide = 2 * kLanes;
constexpr int kTogether = kRegisters >= 32 ? 8 : 4;

/** dx of `Rows` images for `count` inputs, whose masked weights are given by output: [outputs, kWide]. */
template <int Rows>
void multiplyBack(const float *dy, int outputs, const float *masked, int from, float *dx, int inputs,
                  int count) {
  float sums[Rows * kWide] = {};
  addProductOf<Rows, 2>(outputs - from, dy + from, outputs, masked + from * kWide, kWide, sums);
  for (int b = 0; b < Rows; b++)
    std::memcpy(dx + static_cast<size_t>(b) * inputs, sums + b * kWide, count * sizeof(float));
}

// dy [B, outputs], weights [inputs, outputs], degrees below and above -> dx [B, inputs]
void computeInputs(const Settings &settings, Context &context) {
  const Input<float> matrix = context.input(1, "weights", {kAny, kAny});
  const int inputs = matrix[0], outputs = matrix[1];
  const Input<float> given = context.input(0, "dy", {kAny, outputs});
  const int batch = given[0];
  const float *dy = given.data, *weights = matrix.data;
  const int32_t *below = context.integers(2, "below", {inputs}).data,
                *above = context.integers(3, "above", {outputs}).data;
  float *dx = context.output(0, {batch, inputs});
  if (context.failed()) return;
  const Live live(below, inputs, above, outputs, settings.strict);
  inParallel(blocks(inputs, kWide), [&](int task) {
    const int start = task * kWide, count = std::min(kWide, inputs - start);
    // Turned over, so that a vector has all inputs of one output: sums over the lanes of vectors cost more.
    std::vector<float> masked(static_cast<size_t>(padded(outputs)) * kWide);
    int from = outputs;
    for (int j = 0; j < outputs; j += kLanes)
      for (int r = 0; r < count; r++) {
        if (!live.any(start + r, j)) continue;
        from = std::min(from, j);
        const float *row = weights + static_cast<size_t>(start + r) * outputs + j;
        const Vector numbers = live.masked(loadSome(row, outputs - j), start + r, j);
        for (int lane = 0; lane < kLanes; lane++) masked[(j + lane) * kWide + r] = numbers[lane];
      }
    int b = 0;
    for (; b + kTogether <= batch; b += kTogether)
      multiplyBack<kTogether>(dy + static_cast<size_t>(b) * outputs, outputs, masked.data(), from,
                              dx + static_cast<size_t>(b) * inputs + start, inputs, count);
    for (; b < batch; b++)
      multiplyBack<1>(dy + static_cast<size_t>(b) * outputs, outputs, masked.data(), from,
                      dx + static_cast<size_t>(b) * inputs + start, inputs, count);
  });
}

// x [B, inputs], dy [B, outputs], degrees below and above -> the gradient of the weights
// [inputs, outputs], zero where they are dead
void computeWeights(const Settings &settings, Context &context) {
  const Input<float> given = context.input(0, "x", {kAny, kAny});
  const int batch = given[0], inputs = given[1];
  const Input<float> gradient = context.input(1, "dy", {batch, kAny});
  const int outputs = gradient[1];
  const float *x = given.data, *dy = gradient.data;
  const int32_t *below = context.integers(2, "below", {inputs}).data,
                *above = context.integers(3, "above", {outputs}).data;
  float *dw = context.output(0, {inputs, outputs});
  if (context.failed()) return;
  const Live live(below, inputs, above, outputs, settings.strict);
  const int count = blocks(outputs, kBlock);
  inParallel(count, [&](int task) {
    // In raster order the last block has the most weights that live. It goes first: no core waits long.
    const int start = (count - 1 - task) * kBlock, end = std::min(start + kBlock, outputs);
    std::vector<float> columns(static_cast<size_t>(batch) * kBlock);
    for (int b = 0; b < batch; b++)
      std::memcpy(&columns[b * kBlock], dy + static_cast<size_t>(b) * outputs + start,
                  (end - start) * sizeof(float));
    std::vector<float> rows(static_cast<size_t>(batch) * kGroup);
    for (int i = 0; i < inputs; i += kGroup) {
      const int height = std::min(kGroup, inputs - i);
      for (int b = 0; b < batch; b++)
        copyGroup(x + static_cast<size_t>(b) * inputs + i, height, &rows[b * kGroup]);
      for (int j = start; j < end; j += 2 * kLanes) {
        const bool second = j + kLanes < end;
        prefetch<2, true>(dw + static_cast<size_t>(i + kGroup) * outputs + j, outputs);
        Vector sum[kGroup][2] = {};
        if (live.any(i, j) || (second && live.any(i, j + kLanes))) {
          for (int b = 0; b < batch; b++) {
            const float *right = &columns[b * kBlock + j - start];
            const Vector outer[2] = {loadOnce(right), loadOnce(right + kLanes)};
            for (int r = 0; r < kGroup; r++)
              for (int w = 0; w < 2; w++) sum[r][w] += rows[b * kGroup + r] * outer[w];
          }
        }
        for (int r = 0; r < height; r++) {
          float *to = dw + static_cast<size_t>(i + r) * outputs + j;
          storeSome(to, live.masked(sum[r][0], i + r, j), end - j);
          if (second) storeSome(to + kLanes, live.masked(sum[r][1], i + r, j + kLanes), end - j - kLanes);
        }
      }
    }
  });
}

}  // namespace

void registerMaskedDense() {
  const std::vector<const char *> attributes = {"strict: bool", "relu: bool = false"};
  registerOperation<Settings, compute>(
      "RasterMaskedDense", attributes,
      {"x: float", "weights: float", "added: float", "below: int32", "above: int32"}, {"y: float"});
  registerOperation<Settings, computeInputs>("RasterMaskedDenseInputs", attributes,
                                             {"dy: float", "weights: float", "below: int32", "above: int32"},
                                             {"dx: float"});
  registerOperation<Settings, computeWeights>("RasterMaskedDenseWeights", attributes,
                                              {"x: float", "dy: float", "below: int32", "above: int32"},
                                              {"dw: float"});
}
