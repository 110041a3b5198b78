// TensorFlow's library writes two lines on stderr while it is being loaded, before it has read
// TF_CPP_MIN_LOG_LEVEL. Linked into the binding, which is marked to be initialized first of all (-z
// initfirst), this sets the level in time. Where the library has no such function the lines are merely seen.
#include <cstdlib>

extern "C" void SetMinLogLevel(int severity) __asm__(
    "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE") __attribute__((weak));

__attribute__((constructor)) static void beQuiet() {
  const char *level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (SetMinLogLevel != nullptr && level != nullptr) SetMinLogLevel(std::atoi(level));
}
