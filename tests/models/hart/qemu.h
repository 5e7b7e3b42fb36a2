// SPDX-License-Identifier: Apache-2.0
// Programs for the machine of the tests that QEMU's `virt` machine runs as well: an oracle for extensions
// that libunicorn does not have or gets wrong.
#pragma once

#include <cstdint>
#include <vector>

#include "models/hart/core.h"
#include "tests/models/hart/assembler.h"

namespace weft::test {

// Extensions that both sides have.
hart::CoreConfig qemu_config();
bool have_qemu();

// A program from the base of the RAM and what it reads and writes, both in words from there.
class Image {
 public:
  explicit Image(std::size_t words) : words_(words) {}

  void emit(std::uint32_t instruction) { words_.at(emitted_++) = instruction; }
  void load_constant(std::uint32_t rd, std::uint32_t value);
  // Ends the program on either machine.
  void finish();
  std::int32_t distance_to(std::size_t index) const {
    return 4 * (static_cast<std::int32_t>(index) - static_cast<std::int32_t>(emitted_));
  }
  std::size_t emitted() const { return emitted_; }
  std::uint32_t& at(std::size_t index) { return words_.at(index); }

  // The RAM after the program has run.
  std::vector<std::uint32_t> run_on_qemu() const;
  std::vector<std::uint32_t> run_on_core(bool enable_cache = true) const;

 private:
  std::vector<std::uint32_t> words_;
  std::size_t emitted_ = 0;
};

}  // namespace weft::test
