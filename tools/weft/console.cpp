// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/console.h"

#include <poll.h>
#include <unistd.h>

namespace weft::tool {

int read_console(const std::atomic<bool>& interrupted) {
  constexpr int patience_ms = 100;
  pollfd input{STDIN_FILENO, POLLIN, 0};
  while (poll(&input, 1, patience_ms) <= 0) {
    if (interrupted) return -1;
  }
  unsigned char byte = 0;
  return read(STDIN_FILENO, &byte, 1) == 1 ? byte : -1;
}

}  // namespace weft::tool
