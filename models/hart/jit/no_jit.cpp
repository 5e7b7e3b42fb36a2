// SPDX-License-Identifier: Apache-2.0
// Hosts without a back end of their own.
#include "models/hart/jit/jit.h"

namespace weft::hart::jit {

std::unique_ptr<Jit> make_jit(const Options&, std::uint32_t*, std::string& why_not) {
  why_not = "this host's processor has no just-in-time back end (x86-64 has)";
  return nullptr;
}

}  // namespace weft::hart::jit
