// SPDX-License-Identifier: Apache-2.0
// An array that may be working on another thread: an operation is begun when its command begins, and whoever
// asks for the array afterwards waits until it is done. Without workers everything is done at once. Results
// are the same, for an operation has taken its operands before it is handed over.
#pragma once

#include <utility>
#include <vector>

#include "models/common/worker_pool.h"
#include "models/crossbar/array.h"

namespace weft::crossbar {

class WorkingArray {
 public:
  explicit WorkingArray(const ArrayConfig& config) : array_(config) {}

  Array& operator*() { return settled(); }
  const Array& operator*() const { return settled(); }
  Array* operator->() { return &settled(); }
  void settle() const { task_.finish(); }

  // The operation that begin_mvm, begin_mtvm or begin_opa has taken.
  void compute(WorkerPool* workers) {
    Array& array = settled();
    task_.start(array.takes_long() ? workers : nullptr, [&array] { array.compute(); });
  }

  // Then `saturated` is what updates have saturated until now.
  void resolve_carries(WorkerPool* workers, std::vector<Saturation>& saturated) {
    Array& array = settled();
    task_.start(array.crs_takes_long() ? workers : nullptr, [&array, &saturated] {
      array.crs();
      saturated = array.statistics().saturated;
    });
  }

 private:
  Array& settled() {
    settle();
    return array_;
  }
  const Array& settled() const {
    settle();
    return array_;
  }

  Array array_;
  mutable Task task_;  // last, hence destroyed first
};

}  // namespace weft::crossbar
