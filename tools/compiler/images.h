// SPDX-License-Identifier: Apache-2.0
// What both ways of the compiler put into DRAM: blocks of bytes with an address each, sample sets, the
// program and the boot information that leads the firmware to it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tools/compiler/compiler.h"

namespace weft::compiler {

// Hands out memory from the bottom up. Throws Error when there is none left.
class MemoryAllocator {
 public:
  static constexpr std::uint32_t alignment = 64;

  // `memory` and `remedy` are for the error: what is full, and what to enlarge or make smaller.
  MemoryAllocator(std::uint64_t begin, std::uint64_t end, std::string memory, std::string remedy);

  std::uint32_t take(const std::string& what, std::uint64_t bytes);
  std::uint32_t here() const { return static_cast<std::uint32_t>(next_); }
  std::uint64_t left() const { return next_ < end_ ? end_ - next_ : 0; }

 private:
  std::uint64_t next_;
  std::uint64_t end_;
  std::string memory_;
  std::string remedy_;
};

template <typename T>
std::vector<std::uint8_t> bytes_of(const std::vector<T>& values) {
  std::vector<std::uint8_t> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

class DramImages {
 public:
  DramImages(CompiledProgram& program, const CompileOptions& options);

  // Boot information and records; before everything else.
  void reserve_boot();
  // Returns where room without first contents is.
  std::uint32_t take(const std::string& what, std::uint64_t bytes) { return dram_.take(what, bytes); }
  std::uint32_t put(const std::string& what, std::vector<std::uint8_t> bytes);
  // Samples of `sample_bytes` each, then their addresses and labels in the orders of use.
  SampleSet put_samples(const std::string& what, const dataset::Dataset& data,
                        std::vector<std::uint8_t> samples, std::uint32_t sample_bytes,
                        const std::vector<std::vector<std::uint32_t>>& orders);
  // The program itself, once there is one, and the boot information.
  void put_boot();

 private:
  CompiledProgram& program_;
  MemoryAllocator dram_;
};

// 0, 1, 2, …
std::vector<std::uint32_t> natural_order(std::size_t count);

}  // namespace weft::compiler
