// SPDX-License-Identifier: Apache-2.0
// "--set workload.layers[1].outputs=5": one value put into the merged tree.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "platform/config/node.h"

namespace weft::config {

struct Override {
  struct Step {
    std::string key;                   // into a mapping
    std::optional<std::size_t> index;  // or into a list
  };
  std::string path;
  std::vector<Step> steps;
  YamlNode value;
};

// Nothing and an entry in `diagnostics` if the text is not key=value.
std::optional<Override> parse_override(const std::string& text, Diagnostics& diagnostics);

// Mappings on the way are made where they are missing; list entries have to exist.
void apply_override(const Override& change, YamlNode& root, Diagnostics& diagnostics);

}  // namespace weft::config
