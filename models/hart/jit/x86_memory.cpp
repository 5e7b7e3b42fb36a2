// SPDX-License-Identifier: Apache-2.0
#include "models/hart/jit/x86_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "models/common/error.h"

namespace weft::hart::jit {

CodeMemory::CodeMemory() {
  void* mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    throw Error(fmt::format("the host refuses {} bytes of executable memory: {}", bytes, strerror(errno)));
  }
  start_ = static_cast<std::uint8_t*>(mapping);
  shared_ = new (mapping) Shared;
}

CodeMemory::~CodeMemory() { munmap(start_, bytes); }

}  // namespace weft::hart::jit
