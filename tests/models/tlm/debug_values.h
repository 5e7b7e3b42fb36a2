// SPDX-License-Identifier: Apache-2.0
// Arrays of values in whatever memory an initiator reaches, without time.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "models/tlm/initiator_socket.h"

namespace weft::test {

template <typename Element>
void put_values(InitiatorSocket& socket, std::uint64_t address, const std::vector<Element>& values) {
  const auto bytes = static_cast<std::uint32_t>(values.size() * sizeof(Element));
  REQUIRE(socket.write_debug(address, values.data(), bytes) == Status::ok);
}

template <typename Element>
std::vector<Element> get_values(InitiatorSocket& socket, std::uint64_t address, std::size_t count) {
  std::vector<Element> values(count);
  const auto bytes = static_cast<std::uint32_t>(count * sizeof(Element));
  REQUIRE(socket.read_debug(address, values.data(), bytes) == Status::ok);
  return values;
}

}  // namespace weft::test
