// SPDX-License-Identifier: Apache-2.0
#include "platform/config/config.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "platform/config/schema.h"
#include "platform/config/source_tree.h"

namespace weft::config {

namespace {

std::vector<std::string> known_paths() {
  std::vector<std::string> paths;
  for (const KeyDoc& doc : schema_documentation()) paths.push_back(doc.path);
  return paths;
}

// Fowler, Noll, Vo: FNV-1a with the 64-bit offset basis and prime of RFC 9923.
std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char character : text) {
    hash ^= static_cast<unsigned char>(character);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace

Scenario parse_scenario(std::string_view text, const std::string& name, const LoadOptions& options) {
  Source source;
  source.name = name;
  source.directory = std::filesystem::path(name).parent_path();
  const auto shared_source = std::make_shared<const Source>(source);

  Diagnostics diagnostics;
  const YamlNode root = SourceTree(options, diagnostics).read(std::string(text), shared_source);
  Reader reader(diagnostics, known_paths());
  reader.mark("", root.where);
  Scenario scenario;
  scenario_table().read(reader, root, "", scenario);
  diagnostics.throw_if_any();
  check_consistency(scenario, reader);
  diagnostics.throw_if_any();
  complete(scenario, source, options.data_directory);
  return scenario;
}

Scenario load_scenario(const std::filesystem::path& file, const LoadOptions& options) {
  std::ifstream stream(file, std::ios::binary);
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored) || !stream) {
    Source source;
    source.name = file.string();
    source.has_lines = false;
    Diagnostics diagnostics;
    diagnostics.add({std::make_shared<const Source>(source), 0, 0}, "", "no such scenario file");
    diagnostics.throw_if_any();
  }
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  return parse_scenario(text, file.string(), options);
}

std::string dump_resolved(const Scenario& scenario) {
  return render(scenario_table().write(scenario, WriteFor::reading_back));
}

std::string scenario_hash(const Scenario& scenario) {
  return fmt::format("{:016x}", fnv1a(render(scenario_table().write(scenario, WriteFor::hash))));
}

std::vector<KeyDoc> schema_documentation() {
  std::vector<KeyDoc> docs;
  scenario_table().document("", Scenario(), docs);
  return docs;
}

std::string schema_markdown() {
  std::string out = "| key | type | default | allowed | meaning |\n|---|---|---|---|---|\n";
  for (const KeyDoc& doc : schema_documentation()) {
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", doc.path, doc.type, doc.default_value, doc.range,
                       doc.description);
  }
  return out;
}

}  // namespace weft::config
