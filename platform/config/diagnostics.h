// SPDX-License-Identifier: Apache-2.0
// Where a configuration error is and what it says. Errors are collected, so that one run shows them all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "models/common/error.h"

namespace weft::config {

// What a value was read from: a file, or an override such as "--set platform.quantum=1 us".
struct Source {
  std::string name;                 // as the user wrote it
  std::filesystem::path directory;  // relative paths in it start here
  bool has_lines = true;
};

struct Location {
  std::shared_ptr<const Source> source;
  int line = 0;  // lines and columns count from 1
  int column = 0;

  std::string text() const;  // "scenarios/x.yaml:12:5"
};

struct Diagnostic {
  Location where;
  std::string path;  // "platform.tile.crossbars"; empty if the whole file is meant
  std::string message;

  std::string text() const;  // "scenarios/x.yaml:12:5: platform.tile.crossbars: found …, expected …"
};

// what() holds one line an error, in the order of the files.
class ConfigError : public Error {
 public:
  explicit ConfigError(std::vector<Diagnostic> diagnostics);
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

class Diagnostics {
 public:
  void add(Location where, std::string path, std::string message);
  std::size_t count() const { return items_.size(); }
  void throw_if_any() const;

 private:
  std::vector<Diagnostic> items_;
};

}  // namespace weft::config
