// Operations of the TensorFlow runtime, written against its C interface alone.
#pragma once
#include <exception>
#include <string>
#include <vector>

#include "attributes.h"
#include "parallel.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

inline void unknownShapes(TF_ShapeInferenceContext *context, TF_Status *status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

/** For an operation without attributes. */
struct NoSettings {
  explicit NoSettings(Attributes &) {}
};

/** What could not be registered, one sentence each; empty if all is well. */
inline std::string registrationErrors;

/**
 * Registers an operation with the runtime.
 *
 * @tparam Settings what it keeps of its attributes, made of Attributes
 * @tparam compute one call
 */
template <typename Settings, void (*compute)(const Settings &, Context &)>
void registerOperation(const char *name, const std::vector<const char *> &attributes,
                       const std::vector<const char *> &inputs, const std::vector<const char *> &outputs) {
  static const char *operation;
  operation = name;
  const auto create = [](TF_OpKernelConstruction *construction) -> void * {
    Attributes given(construction, operation);
    return new Settings(given);
  };
  const auto run = [](void *settings, TF_OpKernelContext *kernelContext) {
    Context context(kernelContext, operation);
    try {
      compute(*static_cast<const Settings *>(settings), context);
    } catch (const std::exception &error) {
      context.require(false, error.what());
      context.failed();
    }
  };
  const auto destroy = [](void *settings) { delete static_cast<Settings *>(settings); };
  TF_Status *status = TF_NewStatus();
  TF_OpDefinitionBuilder *definition = TF_NewOpDefinitionBuilder(name);
  for (const char *input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char *output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char *attribute : attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, unknownShapes);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK)
    TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", create, run, destroy), status);
  if (TF_GetCode(status) != TF_OK) registrationErrors += std::string(name) + ": " + TF_Message(status) + ". ";
  TF_DeleteStatus(status);
}
