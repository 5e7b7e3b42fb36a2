// SPDX-License-Identifier: Apache-2.0
// The one exception type for everything a user, a file or firmware can cause. The message is made for
// the user: where, what was found, what is allowed.
#pragma once

#include <stdexcept>
#include <string>

namespace weft {

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

}  // namespace weft
