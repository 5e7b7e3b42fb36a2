// SPDX-License-Identifier: Apache-2.0
// Values of keys that a comparison runs through.
#pragma once

#include <string>
#include <vector>

namespace weft::tool {

// A run's overrides, as of --set, and what tells it from the others: "threshold=2, policy=drop".
struct Variation {
  std::string name;
  std::vector<std::string> set;
};

// All combinations of KEY=VALUE,VALUE…, the last key changing fastest; one without overrides for none. Commas
// within brackets, braces and quotes belong to a value. Throws Error on what is not of that form.
std::vector<Variation> variations(const std::vector<std::string>& keys);

}  // namespace weft::tool
