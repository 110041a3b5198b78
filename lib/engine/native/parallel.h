// Work on several cores.
#pragma once
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

/** How many threads work at once: what lib/engine/threads.ts has told, one until then. */
inline std::atomic<int> threadCount{1};

/** Calls run(task) for each task, on all cores; which core takes which task is left open. */
template <typename Run>
void inParallel(int tasks, const Run &run) {
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int task = next++; task < tasks; task = next++) run(task);
  };
  std::vector<std::thread> others;
  for (int i = 1; i < std::min(threadCount.load(), tasks); i++) others.emplace_back(work);
  work();
  for (std::thread &other : others) other.join();
}
