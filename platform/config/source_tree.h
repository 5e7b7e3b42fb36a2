// SPDX-License-Identifier: Apache-2.0
// A scenario's files brought together: includes, presets and overrides merged into one tree.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "platform/config/config.h"
#include "platform/config/node.h"

namespace weft::config {

class SourceTree {
 public:
  SourceTree(const LoadOptions& options, Diagnostics& diagnostics)
      : options_(options), diagnostics_(diagnostics) {}

  // Throws ConfigError if a file is missing or not YAML; lesser errors are left in the diagnostics.
  YamlNode read(const std::string& text, const std::shared_ptr<const Source>& source);

 private:
  using Chain = std::vector<std::filesystem::path>;

  // Files that lead here, for cycles; a file on the chain is not read again.
  bool enter(const std::filesystem::path& file, const YamlNode& reason, const std::string& path,
             Chain& chain);
  YamlNode read_file(const std::filesystem::path& file, const YamlNode& reason, const std::string& path);
  YamlNode read_text(const std::string& text, const std::shared_ptr<const Source>& source,
                     const std::string& path);
  YamlNode with_includes(YamlNode root, const Chain& chain);
  void resolve_preset(YamlNode& root, const std::string& section, const std::string& folder);
  YamlNode with_preset(YamlNode section, const std::string& path, const std::string& folder,
                       const Chain& chain);
  std::filesystem::path find_preset(const YamlNode& name, const std::string& path, const std::string& folder);
  void fail(const Location& where, const std::string& path, const std::string& message);

  const LoadOptions& options_;
  Diagnostics& diagnostics_;
  std::filesystem::path scenario_directory_;
  bool incomplete_ = false;
};

}  // namespace weft::config
