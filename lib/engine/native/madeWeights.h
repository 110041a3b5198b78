// The weights of a MADE in the order in which a sampler reads them, without what masks hide. Degrees are
// taken in blocks: the units of a block are drawn among themselves, pixel by pixel, from small matrices;
// what a block gives to all units of higher degrees is one product of matrices, whose weights lie in panels
// as wide as the registers that hold their sums.
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "simd.h"

/** Degrees whose units are handed on together. */
constexpr int kMadeBlock = 28;

/** Vectors side by side in a panel. */
constexpr int kPanelVectors = 2;

/** The units of a layer by degree; layer 0 are the pixels, the last one the outputs. */
struct MadeLayer {
  int size = 0;
  /** Where its sums begin among those of an image: with a vector. */
  int start = 0;
  /** In rising degree; those of degree d from first[d] on. */
  std::vector<int> units, first;

  MadeLayer(const int32_t *degrees, int size, int start, int highest)
      : size(size), start(start), units(size), first(highest + 2) {
    for (int j = 0; j < size; j++) first[degrees[j] + 1]++;
    for (int d = 0; d <= highest; d++) first[d + 1] += first[d];
    std::vector<int> next(first.begin(), first.end() - 1);
    for (int j = 0; j < size; j++) units[next[degrees[j]]++] = j;
  }
};

/** Weights [units of one layer, units of another]. */
struct MadeLink {
  const float *weights;
  int from, to;
  /** A unit of degree d gives to those from this degree on, above d: 0, and 1 to the outputs. */
  int above;
  /** What it gives is 1 whatever the pixel is. */
  bool presence;
};

/** What a block gives to the units of a layer that come after it. */
struct MadeLater {
  /** Its first sum, at the start of a vector, and how many vectors there are. */
  int column, vectors;
  /** Units of the block that give, link after link. */
  int inner;
  /** Where its panels are. */
  size_t panels;
};

struct MadeBlock {
  /** Its first and last degree. */
  int low, high;
  /** Where, for each link, the weights [units that take, units that give] within the block are. */
  std::vector<size_t> between;
  /** For each layer from 1 on. */
  std::vector<MadeLater> later;
};

class MadeWeights {
 public:
  std::vector<MadeLayer> layers;
  /** Their weights are read by the constructor alone. */
  std::vector<MadeLink> links;
  std::vector<MadeBlock> blocks;
  int values, total;
  /** [total]: what every sum begins with. */
  Floats biases;

  /** @param bias of the units of all layers but the first, each layer's in its own order */
  MadeWeights(std::vector<MadeLayer> allLayers, std::vector<MadeLink> allLinks, const float *bias)
      : layers(std::move(allLayers)), links(std::move(allLinks)), values(layers[0].size) {
    const MadeLayer &outputs = layers.back();
    total = outputs.start + padded(outputs.size);
    biases.assign(total, 0.0f);
    for (size_t k = 1; k < layers.size(); bias += layers[k++].size)
      for (int j = 0; j < layers[k].size; j++) biases[layers[k].start + j] = bias[layers[k].units[j]];
    size_t numbers = 0;
    for (int low = 1; low <= values; low += kMadeBlock) {
      blocks.push_back({low, std::min(low + kMadeBlock - 1, values), {}, {}});
      numbers = place(blocks.back(), numbers);
    }
    numbers_.assign(numbers, 0.0f);
    for (const MadeBlock &block : blocks) fill(block);
    for (MadeLink &link : links) link.weights = nullptr;
  }

  const float *at(size_t place) const { return numbers_.data() + place; }
  size_t bytes() const { return (numbers_.size() + biases.size()) * sizeof(float); }

 private:
  int within(const MadeBlock &block, int layer) const {
    return layers[layer].first[block.high + 1] - layers[layer].first[block.low];
  }

  /** Gives the weights of a block their places, from the given one on. @returns the next free one */
  size_t place(MadeBlock &block, size_t next) const {
    for (const MadeLink &link : links) {
      block.between.push_back(next);
      next = padded(next + static_cast<size_t>(within(block, link.from)) * within(block, link.to));
    }
    for (int k = 1; k < static_cast<int>(layers.size()); k++) {
      const int size = layers[k].size, first = layers[k].first[block.high + 1];
      const int column = first / kLanes * kLanes, end = first == size ? column : padded(size);
      MadeLater later = {column, (end - column) / kLanes, 0, next};
      for (const MadeLink &link : links) later.inner += link.to == k ? within(block, link.from) : 0;
      next += static_cast<size_t>(later.inner) * later.vectors * kLanes;
      block.later.push_back(later);
    }
    return next;
  }

  void fill(const MadeBlock &block) {
    for (size_t l = 0; l < links.size(); l++) {
      const MadeLayer &from = layers[links[l].from], &to = layers[links[l].to];
      float *between = numbers_.data() + block.between[l];
      for (int j = to.first[block.low]; j < to.first[block.high + 1]; j++)
        for (int i = from.first[block.low]; i < from.first[block.high + 1]; i++)
          *between++ = rowOf(links[l], i)[to.units[j]];
    }
    for (size_t k = 1; k < layers.size(); k++) fillLater(block, static_cast<int>(k));
  }

  void fillLater(const MadeBlock &block, int layer) {
    const MadeLayer &to = layers[layer];
    const MadeLater &later = block.later[layer - 1];
    const int first = to.first[block.high + 1];
    float *panel = numbers_.data() + later.panels;
    for (int vector = 0; vector < later.vectors; vector += kPanelVectors) {
      const int width = std::min(kPanelVectors, later.vectors - vector) * kLanes;
      const int begin = later.column + vector * kLanes;
      for (const MadeLink &link : links) {
        if (link.to != layer) continue;
        const MadeLayer &from = layers[link.from];
        // Before the first that takes, and after the last, zeros stay: nobody asks for those sums any more.
        for (int i = from.first[block.low]; i < from.first[block.high + 1]; i++, panel += width) {
          const float *row = rowOf(link, i);
          for (int j = std::max(begin, first); j < std::min(begin + width, to.size); j++)
            panel[j - begin] = row[to.units[j]];
        }
      }
    }
  }

  /** Of the i-th unit by degree. */
  const float *rowOf(const MadeLink &link, int i) const {
    return link.weights + static_cast<size_t>(layers[link.from].units[i]) * layers[link.to].size;
  }

  Floats numbers_;
};
