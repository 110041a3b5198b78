// Images of MADE as one core draws them, each hidden unit computed once: when the pixels up to its degree
// are known. Masks need no multiplication: a unit takes from those up to its degree, and sums of units of a
// lower degree, which a block may reach in the same vector, are not looked at any more. Nothing is left out
// for a value of 0: 0 times a weight that is not finite is not 0.
#pragma once
#include <algorithm>
#include <type_traits>
#include <vector>

#include "draw.h"
#include "madeWeights.h"

/** Rows of `stride` numbers: of row k and image b it is first[k * stride + b]. */
struct MadeRows {
  const float *first;
  int stride;
};

/** sums [Images, Width vectors] += transposed given [inner, Images] · panel [inner, Width vectors] */
template <int Images, int Width>
void addPanel(int inner, const MadeRows &given, const float *panel, float *sums, int total) {
  Vector sum[Images][Width];
  UNROLLED for (int b = 0; b < Images; b++)
    UNROLLED for (int w = 0; w < Width; w++) sum[b][w] = load(sums + b * total + w * kLanes);
  for (int k = 0; k < inner; k++, panel += Width * kLanes) {
    Vector row[Width];
    UNROLLED for (int w = 0; w < Width; w++) row[w] = loadOnce<Images>(panel + w * kLanes);
    UNROLLED for (int b = 0; b < Images; b++) {
      const float value = given.first[k * given.stride + b];
      UNROLLED for (int w = 0; w < Width; w++) sum[b][w] += value * row[w];
    }
  }
  UNROLLED for (int b = 0; b < Images; b++)
    UNROLLED for (int w = 0; w < Width; w++) store(sums + b * total + w * kLanes, sum[b][w]);
}

/** Images lie side by side in the units of the block in hand, so that a vector has the same unit of many. */
class MadeImages {
 public:
  MadeImages(const MadeWeights &weights, int count)
      : weights_(weights),
        count_(count),
        stride_(padded(count)),
        sums_(static_cast<size_t>(count) * weights.total),
        local_(weights.layers.size()),
        logits_(stride_),
        ones_(stride_, 1.0f) {
    // What a call needs is there before it, on whichever thread it runs.
    int most = 0;
    for (const MadeBlock &block : weights.blocks) {
      for (size_t k = 0; k < local_.size(); k++) {
        const std::vector<int> &first = weights.layers[k].first;
        const size_t units = first[block.high + 1] - first[block.low];
        local_[k].values.resize(std::max(local_[k].values.size(), units * stride_));
      }
      for (const MadeLater &later : block.later) most = std::max(most, later.inner);
    }
    given_.resize(static_cast<size_t>(most) * stride_);
  }

  int count() const { return count_; }
  int position() const { return position_; }
  size_t bytes() const {
    size_t numbers = sums_.size() + logits_.size() + ones_.size() + given_.size();
    for (const Local &local : local_) numbers += local.values.size();
    return numbers * sizeof(float);
  }

  void restart() { position_ = 0; }

  /** Draws values up to the given one, or until the logits of one of them are not finite. */
  void draw(const Drawing &drawing, int firstImage, int until, uint8_t *isFinite) {
    for (bool all = true; position_ < until && all;) {
      const float *values = logits();
      for (int b = 0; b < count_; b++) {
        isFinite[b] = drawing.settle(values + b, firstImage + b, position_);
        all = all && isFinite[b];
      }
      if (all) accept([&](int b) { return drawing.scaled(firstImage + b, position_); });
    }
  }

  /** [images] of the value that comes next, of which all before are settled. */
  const float *logits() {
    const MadeBlock &block = weights_.blocks[position_ / kMadeBlock];
    if (position_ + 1 == block.low) begin(block);
    const int last = static_cast<int>(local_.size()) - 1, j = position_ + 1 - block.low;
    std::copy_n(row(last, j), stride_, logits_.data());
    take(block, last, j, position_ + 1, logits_.data());
    return logits_.data();
  }

  /** @param value what image b has there, 0 or 1 */
  template <typename Value>
  void accept(const Value &value) {
    const MadeBlock &block = weights_.blocks[position_ / kMadeBlock];
    float *pixels = row(0, position_ + 1 - block.low);
    for (int b = 0; b < count_; b++) pixels[b] = value(b);
    position_++;
    settleUnits(block);
    if (position_ == block.high) finish(block);
  }

 private:
  /**
   * The units of a layer whose degrees are the block's, [units, stride]: what came from the blocks before,
   * and once a unit is settled its value.
   */
  struct Local {
    int first = 0, size = 0;
    Floats values;
  };

  float *sumsOf(int image) { return sums_.data() + static_cast<size_t>(image) * weights_.total; }
  float *row(int layer, int unit) { return &local_[layer].values[static_cast<size_t>(unit) * stride_]; }

  /** Takes up a block, of which no pixel is known yet. */
  void begin(const MadeBlock &block) {
    for (int b = 0; b < count_ && block.low == 1; b++)
      std::copy(weights_.biases.begin(), weights_.biases.end(), sumsOf(b));
    for (size_t k = 0; k < local_.size(); k++) {
      const MadeLayer &layer = weights_.layers[k];
      Local &local = local_[k];
      local.first = layer.first[block.low];
      local.size = layer.first[block.high + 1] - local.first;
      // Beside the images, too: what stood there would be handed on, and grow.
      std::fill_n(local.values.begin(), static_cast<size_t>(local.size) * stride_, 0.0f);
      if (k == 0) continue;
      for (int b = 0; b < count_; b++) {
        const float *sums = sumsOf(b) + layer.start + local.first;
        for (int j = 0; j < local.size; j++) local.values[static_cast<size_t>(j) * stride_ + b] = sums[j];
      }
    }
  }

  /** All pixels up to a degree are known: so are the hidden units that waited for them. */
  void settleUnits(const MadeBlock &block) {
    const int degree = position_;
    for (int k = 1; k + 1 < static_cast<int>(local_.size()); k++) {
      const std::vector<int> &first = weights_.layers[k].first;
      for (int j = first[degree] - local_[k].first; j < first[degree + 1] - local_[k].first; j++) {
        float *sum = row(k, j);
        take(block, k, j, degree, sum);
        for (int b = 0; b < stride_; b += kLanes) store(sum + b, positive(load(sum + b)));
      }
    }
  }

  /** sum [stride] += what unit j of a layer, of the given degree, is given by those of the block. */
  void take(const MadeBlock &block, int layer, int j, int degree, float *sum) {
    for (size_t l = 0; l < weights_.links.size(); l++) {
      const MadeLink &link = weights_.links[l];
      if (link.to != layer) continue;
      const Local &from = local_[link.from];
      const int count = weights_.layers[link.from].first[degree + 1 - link.above] - from.first;
      const float *weights = weights_.at(block.between[l]) + static_cast<size_t>(j) * from.size;
      const MadeRows given = rows(link);
      int b = 0;
      for (; b + 4 * kLanes <= stride_; b += 4 * kLanes) addUnits<4>(count, given, weights, b, sum);
      for (; b < stride_; b += kLanes) addUnits<1>(count, given, weights, b, sum);
    }
  }

  /** sum [images] += weights [count] · given [count, images], of so many vectors of images from b on. */
  template <int Width>
  static void addUnits(int count, const MadeRows &given, const float *weights, int b, float *sum) {
    Vector total[Width];
    UNROLLED for (int w = 0; w < Width; w++) total[w] = load(sum + b + w * kLanes);
    const float *values = given.first + b;
    for (int i = 0; i < count; i++, values += given.stride)
      UNROLLED for (int w = 0; w < Width; w++) total[w] += weights[i] * load(values + w * kLanes);
    UNROLLED for (int w = 0; w < Width; w++) store(sum + b + w * kLanes, total[w]);
  }

  /** What the units give that a link begins at. */
  MadeRows rows(const MadeLink &link) const {
    return link.presence ? MadeRows{ones_.data(), 0} : MadeRows{local_[link.from].values.data(), stride_};
  }

  /** All of a block is known: it gives to what comes after it. */
  void finish(const MadeBlock &block) {
    for (size_t k = 1; k < local_.size(); k++) {
      const MadeLater &later = block.later[k - 1];
      if (later.inner == 0 || later.vectors == 0) continue;
      float *to = given_.data();
      for (const MadeLink &link : weights_.links) {
        if (link.to != static_cast<int>(k)) continue;
        const MadeRows from = rows(link);
        for (int i = 0; i < local_[link.from].size; i++, to += stride_)
          std::copy_n(from.first + static_cast<size_t>(i) * from.stride, stride_, to);
      }
      addPanels(later, sums_.data() + weights_.layers[k].start + later.column);
    }
  }

  void addPanels(const MadeLater &later, float *sums) {
    const auto panel = [&](int vector) {
      return weights_.at(later.panels + static_cast<size_t>(later.inner) * vector * kLanes);
    };
    int vector = 0;
    for (; vector + kPanelVectors <= later.vectors; vector += kPanelVectors)
      addImages<kPanelVectors>(later.inner, panel(vector), sums + vector * kLanes);
    for (; vector < later.vectors; vector++)
      addImages<1>(later.inner, panel(vector), sums + vector * kLanes);
  }

  template <int Width>
  void addImages(int inner, const float *panel, float *sums) {
    int b = 0;
    const auto add = [&](auto together) {
      constexpr int images = decltype(together)::value;
      for (; b + images <= count_; b += images)
        addPanel<images, Width>(inner, {given_.data() + b, stride_}, panel,
                                sums + static_cast<size_t>(b) * weights_.total, weights_.total);
    };
    add(std::integral_constant<int, kTileRows>());
    add(std::integral_constant<int, 4>());
    add(std::integral_constant<int, 2>());
    add(std::integral_constant<int, 1>());
  }

  const MadeWeights &weights_;
  int count_;
  /** From a unit to the next: the images, to whole vectors. */
  int stride_;
  /** How many values are drawn. */
  int position_ = 0;
  /** [images, total]: biases and what came from the blocks before. */
  Floats sums_;
  std::vector<Local> local_;
  Floats logits_, ones_, given_;
};
