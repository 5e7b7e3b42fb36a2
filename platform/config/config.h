// SPDX-License-Identifier: Apache-2.0
// Scenarios: YAML in, typed configuration out; and back. The manual page is docs/scenario.md.
//
// Every error a file can contain is reported at once, as a ConfigError whose message has one line an
// error: "scenarios/x.yaml:12:5: platform.tile.crosbars: unknown key; did you mean 'crossbars'? …".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "platform/config/diagnostics.h"
#include "platform/config/scenario.h"

namespace weft::config {

struct LoadOptions {
  // "platform.quantum=1 us", "workload.layers[0].outputs=32"; applied in this order, after all files.
  std::vector<std::string> overrides;
  // Where the dataset's files are; replaces dataset.directory.
  std::optional<std::filesystem::path> data_directory;
  // Folders with platforms/ and technologies/ in them, searched after the one the scenario is in.
  std::vector<std::filesystem::path> preset_path;
};

// Throws ConfigError.
Scenario load_scenario(const std::filesystem::path& file, const LoadOptions& options = {});

// `name` stands in messages as the file's name, and relative paths start at its folder.
Scenario parse_scenario(std::string_view text, const std::string& name, const LoadOptions& options = {});

// The scenario with all defaults, presets, includes and overrides in place, as YAML. parse_scenario
// turns it into the same scenario, wherever it is put: paths in it are absolute (except run.output).
std::string dump_resolved(const Scenario& scenario);

// 16 hexadecimal digits that identify what is simulated: FNV-1a (64 bit) over the resolved YAML without
// dataset.directory, run.output and run.progress, and with only the last component of every path.
std::string scenario_hash(const Scenario& scenario);

struct KeyDoc {
  std::string path;  // "platform.tile.crossbars", "workload.layers[].outputs"
  std::string type;
  std::string default_value;  // "required" if there is none
  std::string range;
  std::string description;
};

// Every key a scenario may have, in the order of the manual.
std::vector<KeyDoc> schema_documentation();

// The same as the Markdown table of docs/scenario.md.
std::string schema_markdown();

}  // namespace weft::config
