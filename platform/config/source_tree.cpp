// SPDX-License-Identifier: Apache-2.0
#include "platform/config/source_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include "platform/config/overrides.h"
#include "platform/config/spelling.h"

namespace weft::config {

namespace {

struct PresetSection {
  const char* section;
  const char* folder;
};
constexpr PresetSection preset_sections[] = {{"platform", "platforms"}, {"technology", "technologies"}};

// Such overrides decide which preset is read, so they come before it; all others change what it gave.
bool selects_preset(const Override& change) {
  return std::any_of(std::begin(preset_sections), std::end(preset_sections), [&change](PresetSection preset) {
    return change.path == preset.section || change.path == join_path(preset.section, "preset");
  });
}

std::filesystem::path identity(const std::filesystem::path& file) {
  std::error_code failed;
  const std::filesystem::path canonical = std::filesystem::weakly_canonical(file, failed);
  return failed ? file.lexically_normal() : canonical;
}

std::vector<std::string> preset_names(const std::vector<std::filesystem::path>& folders) {
  std::set<std::string> names;
  for (const std::filesystem::path& folder : folders) {
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(folder, missing)) {
      if (entry.path().extension() == ".yaml") names.insert(entry.path().stem().string());
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace

YamlNode SourceTree::read(const std::string& text, const std::shared_ptr<const Source>& source) {
  scenario_directory_ = source->directory;
  YamlNode root = with_includes(read_text(text, source, ""), {identity(source->name)});
  // What a missing file would have said is not to be reported as missing keys.
  if (incomplete_) diagnostics_.throw_if_any();

  std::vector<Override> changes;
  for (const std::string& set : options_.overrides) {
    try {
      auto change = parse_override(set, diagnostics_);
      if (change) changes.push_back(std::move(*change));
    } catch (const ConfigError& error) {
      for (const Diagnostic& item : error.diagnostics()) fail(item.where, item.path, item.message);
    }
  }
  if (root.is_mapping()) {
    for (const Override& change : changes) {
      if (selects_preset(change)) apply_override(change, root, diagnostics_);
    }
    for (const PresetSection& preset : preset_sections) resolve_preset(root, preset.section, preset.folder);
    for (const Override& change : changes) {
      if (!selects_preset(change)) apply_override(change, root, diagnostics_);
    }
  }
  return root;
}

YamlNode SourceTree::read_text(const std::string& text, const std::shared_ptr<const Source>& source,
                               const std::string& path) {
  try {
    return parse_yaml(text, source, path, diagnostics_);
  } catch (const ConfigError& error) {
    for (const Diagnostic& item : error.diagnostics()) fail(item.where, item.path, item.message);
  }
  return YamlNode::mapping();
}

YamlNode SourceTree::read_file(const std::filesystem::path& file, const YamlNode& reason,
                               const std::string& path) {
  std::error_code ignored;
  std::ifstream stream(file, std::ios::binary);
  if (!std::filesystem::is_regular_file(file, ignored) || !stream) {
    fail(reason.where, path, fmt::format("no such file: '{}'", file.string()));
    return YamlNode::mapping();
  }
  const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  Source source;
  source.name = file.string();
  source.directory = file.parent_path();
  const bool is_preset = path != "include";
  const std::string section = is_preset ? path.substr(0, path.find('.')) : "";
  YamlNode root = read_text(text, std::make_shared<const Source>(std::move(source)), section);
  if (root.is_mapping()) return root;
  fail(root.where, section, fmt::format("found {}, expected a mapping", describe(root)));
  return YamlNode::mapping();
}

bool SourceTree::enter(const std::filesystem::path& file, const YamlNode& reason, const std::string& path,
                       Chain& chain) {
  const std::filesystem::path id = identity(file);
  const bool again = std::find(chain.begin(), chain.end(), id) != chain.end();
  chain.push_back(id);
  if (!again) return true;
  std::vector<std::string> names;
  for (const std::filesystem::path& link : chain) names.push_back(link.filename().string());
  fail(reason.where, path, fmt::format("leads back to itself: {}", listed(names, " -> ")));
  return false;
}

YamlNode SourceTree::with_includes(YamlNode root, const Chain& chain) {
  const YamlNode* include = root.find("include");
  if (include == nullptr) return root;
  const std::vector<YamlNode> files =
      include->is_sequence() ? include->items : std::vector<YamlNode>{*include};
  root.erase("include");
  YamlNode base = YamlNode::mapping();
  for (const YamlNode& name : files) {
    if (!name.is_scalar() || name.text.empty()) {
      fail(name.where, "include",
           fmt::format("found {}, expected a path or a list of paths", describe(name)));
      continue;
    }
    const std::filesystem::path file = (name.where.source->directory / name.text).lexically_normal();
    Chain longer = chain;
    if (!enter(file, name, "include", longer)) continue;
    merge(base, with_includes(read_file(file, name, "include"), longer));
  }
  merge(base, std::move(root));
  return base;
}

void SourceTree::resolve_preset(YamlNode& root, const std::string& section, const std::string& folder) {
  YamlNode* node = root.find(section);
  if (node == nullptr || !node->is_mapping()) return;
  *node = with_preset(std::move(*node), join_path(section, "preset"), folder, {});
}

YamlNode SourceTree::with_preset(YamlNode section, const std::string& path, const std::string& folder,
                                 const Chain& chain) {
  const YamlNode* found = section.find("preset");
  if (found == nullptr) return section;
  const YamlNode name = *found;
  section.erase("preset");
  if (!name.is_scalar()) {
    fail(name.where, path, fmt::format("found {}, expected the name of a preset", describe(name)));
    return section;
  }
  const std::filesystem::path file = find_preset(name, path, folder);
  Chain longer = chain;
  if (file.empty() || !enter(file, name, path, longer)) return section;
  YamlNode base = with_preset(read_file(file, name, path), path, folder, longer);
  merge(base, std::move(section));
  return base;
}

std::filesystem::path SourceTree::find_preset(const YamlNode& name, const std::string& path,
                                              const std::string& folder) {
  const Source& source = *name.where.source;
  std::vector<std::filesystem::path> folders;
  // A preset that builds on another one is in their folder already.
  if (source.has_lines && source.directory.filename() == folder) folders.push_back(source.directory);
  if (source.has_lines) folders.push_back(source.directory / folder);
  folders.push_back(scenario_directory_ / folder);
  for (const std::filesystem::path& directory : options_.preset_path) folders.push_back(directory / folder);

  for (const std::filesystem::path& directory : folders) {
    std::filesystem::path file = directory / (name.text + ".yaml");
    std::error_code ignored;
    if (std::filesystem::is_regular_file(file, ignored)) return file;
  }
  const std::vector<std::string> known = preset_names(folders);
  const auto near = nearest(name.text, known);
  fail(name.where, path,
       fmt::format("no preset '{}'{} (known: {})", name.text,
                   near ? fmt::format("; did you mean '{}'?", *near) : "",
                   known.empty() ? "none" : listed(known)));
  return {};
}

void SourceTree::fail(const Location& where, const std::string& path, const std::string& message) {
  diagnostics_.add(where, path, message);
  incomplete_ = true;
}

}  // namespace weft::config
