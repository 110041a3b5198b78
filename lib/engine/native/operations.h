// Operations of the TensorFlow runtime, written against its C interface alone.
#pragma once
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

/** Those that this process may use. */
inline int cores() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

/** Calls run(task) for each task, on all cores; which core takes which task is left open. */
template <typename Run>
void inParallel(int tasks, const Run &run) {
  static const int most = cores();
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int task = next++; task < tasks; task = next++) run(task);
  };
  std::vector<std::thread> others;
  for (int i = 1; i < std::min(most, tasks); i++) others.emplace_back(work);
  work();
  for (std::thread &other : others) other.join();
}

/** Inputs and outputs of one call; float32 but for the integers. TypeScript has checked their shapes before. */
class Context {
 public:
  explicit Context(TF_OpKernelContext *context) : context_(context), status_(TF_NewStatus()) {}
  ~Context() {
    for (TF_Tensor *tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  const float *input(int index) { return static_cast<const float *>(TF_TensorData(tensor(index))); }
  /** An input to be changed where it lies: of a tensor that nobody else holds. */
  float *inPlace(int index) { return static_cast<float *>(TF_TensorData(tensor(index))); }
  const int32_t *integers(int index) { return static_cast<const int32_t *>(TF_TensorData(tensor(index))); }
  int dimension(int index, int axis) { return static_cast<int>(TF_Dim(tensor(index), axis)); }
  std::vector<int64_t> shape(int index) {
    std::vector<int64_t> dimensions(TF_NumDims(tensor(index)));
    for (size_t axis = 0; axis < dimensions.size(); axis++) dimensions[axis] = dimension(index, static_cast<int>(axis));
    return dimensions;
  }
  float *output(int index, const std::vector<int64_t> &shape) {
    size_t bytes = sizeof(float);
    for (int64_t n : shape) bytes *= n;
    TF_Tensor *tensor = TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()), bytes, status_);
    if (tensor == nullptr) return nullptr;
    tensors_.push_back(tensor);
    return static_cast<float *>(TF_TensorData(tensor));
  }
  bool failed() {
    if (TF_GetCode(status_) == TF_OK) return false;
    TF_OpKernelContext_Failure(context_, status_);
    return true;
  }

 private:
  TF_Tensor *tensor(int index) {
    TF_Tensor *tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    tensors_.push_back(tensor);
    return tensor;
  }
  TF_OpKernelContext *context_;
  TF_Status *status_;
  std::vector<TF_Tensor *> tensors_;
};

inline void unknownShapes(TF_ShapeInferenceContext *context, TF_Status *status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

/** @param create what an operation keeps of its attributes, handed to each compute */
inline void registerOperation(const char *name, const std::vector<const char *> &attributes,
                              const std::vector<const char *> &inputs, const std::vector<const char *> &outputs,
                              void *(*create)(TF_OpKernelConstruction *), void (*compute)(void *, TF_OpKernelContext *),
                              void (*destroy)(void *)) {
  TF_Status *status = TF_NewStatus();
  TF_OpDefinitionBuilder *definition = TF_NewOpDefinitionBuilder(name);
  for (const char *input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char *output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char *attribute : attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, unknownShapes);
  TF_RegisterOpDefinition(definition, status);
  TF_KernelBuilder *builder = TF_NewKernelBuilder(name, "CPU", create, compute, destroy);
  TF_RegisterKernelBuilder(name, builder, status);
  TF_DeleteStatus(status);
}
