// What operations are given, checked before anything is read: attributes when an operation is made, inputs at
// each call. A check that fails becomes an error status with one sentence; nothing is computed then.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_tensor.h"

/** A size that is left open. */
constexpr int64_t kAny = -1;

inline std::string textOf(const std::vector<int64_t> &shape) {
  std::string text = "[";
  for (size_t axis = 0; axis < shape.size(); axis++) {
    if (axis > 0) text += ", ";
    text += shape[axis] == kAny ? "any" : std::to_string(shape[axis]);
  }
  return text + "]";
}

/** The first thing that was wrong, for the runtime. */
class Complaints {
 public:
  explicit Complaints(const char *operation) : operation_(operation), status_(TF_NewStatus()) {}
  ~Complaints() { TF_DeleteStatus(status_); }
  Complaints(const Complaints &) = delete;
  Complaints &operator=(const Complaints &) = delete;
  /** @returns whether it holds */
  bool require(bool holds, const std::string &rule) {
    if (!holds && good())
      TF_SetStatus(status_, TF_INVALID_ARGUMENT, (std::string(operation_) + ": " + rule).c_str());
    return holds;
  }
  bool good() const { return TF_GetCode(status_) == TF_OK; }
  TF_Status *status() { return status_; }

 private:
  const char *operation_;
  TF_Status *status_;
};

/** The attributes of an operation that is being made. */
class Attributes : public Complaints {
 public:
  Attributes(TF_OpKernelConstruction *construction, const char *operation)
      : Complaints(operation), construction_(construction) {}
  ~Attributes() {
    if (!good()) TF_OpKernelConstruction_Failure(construction_, status());
  }
  /** @returns least where the attribute is out of range */
  int32_t integer(const char *name, int32_t least, int32_t most) {
    int32_t value = least;
    if (good()) TF_OpKernelConstruction_GetAttrInt32(construction_, name, &value, status());
    return inRange(name, value, least, most);
  }
  bool flag(const char *name) {
    TF_Bool value = 0;
    if (good()) TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, status());
    return value != 0;
  }
  std::vector<int32_t> integers(const char *name, int32_t least, int32_t most) {
    int32_t length = 0, total = 0;
    if (good()) TF_OpKernelConstruction_GetAttrSize(construction_, name, &length, &total, status());
    std::vector<int32_t> values(length > 0 ? length : 0);
    if (good())
      TF_OpKernelConstruction_GetAttrInt32List(construction_, name, values.data(), length, status());
    for (int32_t &value : values) value = inRange(name, value, least, most);
    return values;
  }

 private:
  int32_t inRange(const char *name, int32_t value, int32_t least, int32_t most) {
    const bool holds = value >= least && value <= most;
    require(holds, std::string(name) + " must be from " + std::to_string(least) + " to " +
                       std::to_string(most) + ", got " + std::to_string(value));
    return holds ? value : least;
  }
  TF_OpKernelConstruction *construction_;
};

/** An input that has been checked. */
template <typename Number>
struct Input {
  const Number *data;
  std::vector<int64_t> shape;
  int operator[](size_t axis) const { return static_cast<int>(shape[axis]); }
};

/**
 * Inputs and outputs of one call. To be used thus: take all inputs; return if failed(); make
 * all outputs; return if failed().
 */
class Context : public Complaints {
 public:
  Context(TF_OpKernelContext *context, const char *operation) : Complaints(operation), context_(context) {}
  ~Context() {
    for (TF_Tensor *tensor : tensors_) TF_DeleteTensor(tensor);
  }
  /**
   * An input of this shape; where it has another, the call has failed and all its sizes are 0.
   * The definition has told the type.
   */
  Input<float> input(int index, const char *name, const std::vector<int64_t> &shape) {
    return checked<float>(index, name, shape);
  }
  Input<int32_t> integers(int index, const char *name, const std::vector<int64_t> &shape) {
    return checked<int32_t>(index, name, shape);
  }
  /** The shape of an input of any rank. */
  std::vector<int64_t> shapeOf(int index) {
    TF_Tensor *given = tensor(index);
    std::vector<int64_t> shape;
    for (int axis = 0; given != nullptr && axis < TF_NumDims(given); axis++)
      shape.push_back(TF_Dim(given, axis));
    return shape;
  }
  /** An input to be changed where it lies: of a tensor that nobody else holds. */
  float *inPlace(int index, const char *name, const std::vector<int64_t> &shape) {
    return const_cast<float *>(checked<float>(index, name, shape).data);
  }
  float *output(int index, const std::vector<int64_t> &shape) {
    if (!good()) return nullptr;
    size_t bytes = sizeof(float);
    for (int64_t n : shape) bytes *= n;
    TF_Tensor *made = TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(),
                                        static_cast<int>(shape.size()), bytes, status());
    if (made == nullptr) return nullptr;
    tensors_.push_back(made);
    return static_cast<float *>(TF_TensorData(made));
  }
  /** Tells the runtime what is wrong. @returns whether anything is */
  bool failed() {
    if (good()) return false;
    TF_OpKernelContext_Failure(context_, status());
    return true;
  }

 private:
  TF_Tensor *tensor(int index) {
    TF_Tensor *given = nullptr;
    if (good()) TF_GetInput(context_, index, &given, status());
    if (given != nullptr) tensors_.push_back(given);
    return given;
  }
  template <typename Number>
  Input<Number> checked(int index, const char *name, const std::vector<int64_t> &shape) {
    TF_Tensor *given = tensor(index);
    Input<Number> result = {nullptr, std::vector<int64_t>(shape.size(), 0)};
    if (given == nullptr) return result;
    std::vector<int64_t> found;
    for (int axis = 0; axis < TF_NumDims(given); axis++) found.push_back(TF_Dim(given, axis));
    bool fits = found.size() == shape.size();
    for (size_t axis = 0; fits && axis < found.size(); axis++)
      fits =
          found[axis] > 0 && found[axis] <= INT32_MAX && (shape[axis] == kAny || shape[axis] == found[axis]);
    if (!require(fits, std::string(name) + " must have shape " + textOf(shape) + " without a 0, got " +
                           textOf(found)))
      return result;
    return {static_cast<const Number *>(TF_TensorData(given)), found};
  }
  TF_OpKernelContext *context_;
  std::vector<TF_Tensor *> tensors_;
};
