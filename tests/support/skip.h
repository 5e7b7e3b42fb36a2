// SPDX-License-Identifier: Apache-2.0
// A test whose data or tool is absent reports itself as skipped, never as passed.
#pragma once

#include <string>

namespace weft::test {

bool& skipped();

}  // namespace weft::test

#define WEFT_SKIP(reason)          \
  do {                             \
    WARN("skipped: " << (reason)); \
    weft::test::skipped() = true;  \
    return;                        \
  } while (false)
