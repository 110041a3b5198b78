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
/** Inputs of which it is asked together whether any of their weights live. */
constexpr int kGroup = 8;
/** A pair of vectors of outputs. */
constexpr int kWide = 2 * kLanes;
/** Inputs whose masked weights, for the columns of a task, lie in a core's cache together: whole groups. */
constexpr int kPanel = 64;

struct Range {
  int first, last;
};

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
  /** The inputs among begin … end - 1 from the first to the last group that reaches one of the outputs. */
  Range range(int begin, int end, int firstOutput, int endOutput) const {
    Range found = {end, begin};
    for (int i = begin; i < end; i += kGroup) {
      bool reaches = false;
      for (int j = firstOutput; j < endOutput; j += kLanes) reaches = reaches || any(i, j);
      if (reaches) found = {std::min(found.first, i), std::min(i + kGroup, end)};
    }
    return found;
  }
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
template <bool ToWrite>
inline void prefetch(const float *next, int outputs) {
  for (int r = 0; r < kGroup; r++)
    for (int w = 0; w < 2; w++)
      __builtin_prefetch(next + static_cast<size_t>(r) * outputs + w * kLanes, ToWrite);
}

/** out [batch, pair of vectors] += a [batch, inner] · panel [inner, pair of vectors]. */
void addPanel(int batch, int inner, const float *a, int aStride, const float *panel, float *out,
              int outStride) {
  int b = 0;
  const auto add = [&](auto rows) {
    addProductOf<decltype(rows)::value, 2>(inner, a + static_cast<size_t>(b) * aStride, aStride, panel, kWide,
                                           out + static_cast<size_t>(b) * outStride, outStride);
    b += rows;
  };
  while (b + kTileRows <= batch) add(std::integral_constant<int, kTileRows>());
  if (b + 4 <= batch) add(std::integral_constant<int, 4>());
  while (b < batch) add(std::integral_constant<int, 1>());
}

/** The weights of inputs from i on for the pair of vectors of outputs from j on; zeros for the dead. */
void copyMasked(const Live &live, const float *weights, int outputs, int i, int rows, int j, float *panel) {
  prefetch<false>(weights + static_cast<size_t>(i + kGroup) * outputs + j, outputs);
  for (int r = 0; r < rows; r++)
    for (int w = 0; w < 2; w++) {
      const int column = j + w * kLanes, n = std::max(0, outputs - column);
      const float *from = weights + static_cast<size_t>(i + r) * outputs + column;
      store(panel + r * kWide + w * kLanes,
            n > 0 ? live.masked(loadSome(from, n), i + r, column) : Vector{});
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
    Floats sums(static_cast<size_t>(batch) * kBlock);
    for (int b = 0; b < batch; b++)
      std::memcpy(&sums[b * kBlock], added + static_cast<size_t>(b) * addedStep + start,
                  (end - start) * sizeof(float));
    Floats panels(kPanel * kBlock);
    for (int i = 0; i < inputs; i += kPanel) {
      const int rows = std::min(kPanel, inputs - i);
      // All columns of an input before the next input: so they lie in memory.
      std::vector<Range> ranges;
      for (int j = start; j < end; j += kWide)
        ranges.push_back(live.range(i, i + rows, j, std::min(j + kWide, end)));
      for (int group = i; group < i + rows; group += kGroup)
        for (int j = start; j < end; j += kWide) {
          const auto [first, last] = ranges[(j - start) / kWide];
          if (group < first || group >= last) continue;
          copyMasked(live, weights, outputs, group, std::min(kGroup, i + rows - group), j,
                     &panels[(j - start) * kPanel + (group - i) * kWide]);
        }
      for (int j = start; j < end; j += kWide) {
        const auto [first, last] = ranges[(j - start) / kWide];
        if (first < last)
          addPanel(batch, last - first, x + first, inputs,
                   &panels[(j - start) * kPanel + (first - i) * kWide], &sums[j - start], kBlock);
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
    Floats masked(static_cast<size_t>(padded(outputs)) * kWide);
    int from = outputs;
    for (int j = 0; j < outputs; j += kLanes)
      for (int r = 0; r < count; r++) {
        if (!live.any(start + r, j)) continue;
        from = std::min(from, j);
        const float *row = weights + static_cast<size_t>(start + r) * outputs + j;
        const Vector numbers = live.masked(loadSome(row, outputs - j), start + r, j);
        for (int lane = 0; lane < kLanes; lane++) masked[(j + lane) * kWide + r] = numbers[lane];
      }
    Floats sums(static_cast<size_t>(batch) * kWide);
    addPanel(batch, outputs - from, dy + from, outputs, &masked[from * kWide], sums.data(), kWide);
    for (int b = 0; b < batch; b++)
      std::memcpy(dx + static_cast<size_t>(b) * inputs + start, &sums[b * kWide], count * sizeof(float));
  });
}

/** Inputs whose gradients are summed together: a part of kGroup, as many as there are registers for. */
constexpr int kOuter = kRegisters >= 32 ? 8 : 4;

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
    Floats columns(static_cast<size_t>(batch) * kBlock);
    for (int b = 0; b < batch; b++)
      std::memcpy(&columns[b * kBlock], dy + static_cast<size_t>(b) * outputs + start,
                  (end - start) * sizeof(float));
    Floats rows(static_cast<size_t>(batch) * kGroup);
    for (int i = 0; i < inputs; i += kGroup) {
      const int height = std::min(kGroup, inputs - i);
      for (int b = 0; b < batch; b++)
        copyGroup(x + static_cast<size_t>(b) * inputs + i, height, &rows[b * kGroup]);
      for (int j = start; j < end; j += 2 * kLanes) {
        const bool second = j + kLanes < end;
        prefetch<true>(dw + static_cast<size_t>(i + kGroup) * outputs + j, outputs);
        Vector sum[kGroup / kOuter][kOuter][2] = {};
        if (live.any(i, j) || (second && live.any(i, j + kLanes)))
          UNROLLED for (int k = 0; k < kGroup / kOuter; k++)
            addOuterProducts(batch, &rows[k * kOuter], kGroup, &columns[j - start], kBlock, sum[k]);
        for (int r = 0; r < height; r++) {
          float *to = dw + static_cast<size_t>(i + r) * outputs + j;
          const Vector(&own)[2] = sum[r / kOuter][r % kOuter];
          storeSome(to, live.masked(own[0], i + r, j), end - j);
          if (second) storeSome(to + kLanes, live.masked(own[1], i + r, j + kLanes), end - j - kLanes);
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
