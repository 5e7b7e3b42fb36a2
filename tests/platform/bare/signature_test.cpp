// SPDX-License-Identifier: Apache-2.0
#include "platform/bare/signature.h"

#include <catch2/catch.hpp>

using weft::bare::signature_text;

TEST_CASE("a signature has one little-endian number a line, and the last one is filled up with zeros") {
  const std::vector<std::uint8_t> bytes{0x67, 0x45, 0x23, 0x01, 0xef, 0xbe};
  CHECK(signature_text(bytes, 4) == "01234567\n0000beef\n");
  CHECK(signature_text(bytes, 2) == "4567\n0123\nbeef\n");
  CHECK(signature_text(bytes, 8) == "0000beef01234567\n");
  CHECK(signature_text(bytes, 1) == "67\n45\n23\n01\nef\nbe\n");
  CHECK(signature_text(bytes, 16) == "00000000000000000000beef01234567\n");
  CHECK(signature_text({}, 4).empty());
}
