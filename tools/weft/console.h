// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace weft::tool {

// The next byte of standard input, -1 at its end. Waits for it without becoming deaf to an interrupt from
// outside.
int read_console(const std::atomic<bool>& interrupted);

}  // namespace weft::tool
