// SPDX-License-Identifier: Apache-2.0
// The declared keys of one struct. Reading, the resolved scenario and the manual all come from this one
// table, so they cannot disagree.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "platform/config/codec.h"

namespace weft::config {

template <class Object>
class Table {
 public:
  using Condition = std::function<bool(const Object&)>;

  template <class Value>
  Table&& add(const std::string& key, Value Object::*member, CodecPtr<Value> codec,
              const std::string& description) && {
    auto field = std::make_unique<MemberField<Value>>();
    field->key = key;
    field->description = description;
    field->member = member;
    field->codec = std::move(codec);
    fields_.push_back(std::move(field));
    return std::move(*this);
  }

  // A key that the loader has dealt with before the table is read; here for the manual and suggestions.
  Table&& add_loader_key(KeyDoc doc) && {
    loader_keys_.push_back(std::move(doc));
    return std::move(*this);
  }

  // The following three describe the key added last.
  Table&& required() && {
    fields_.back()->required = true;
    return std::move(*this);
  }
  // The key has a meaning only where `condition` holds; `needs` says so to the user, and `decided_by` is
  // the key (of this table) on which it depends.
  Table&& only_with(const std::string& decided_by, const std::string& needs, Condition condition) && {
    fields_.back()->decided_by = decided_by;
    fields_.back()->needs = needs;
    fields_.back()->condition = std::move(condition);
    return std::move(*this);
  }
  // Cannot change what is simulated.
  Table&& not_in_hash() && {
    fields_.back()->in_hash = false;
    return std::move(*this);
  }

  bool read(Reader& reader, const YamlNode& node, const std::string& path, Object& object) const {
    if (!node.is_mapping()) return reader.wrong_value(node, path, "a mapping");
    const std::size_t errors_before = reader.error_count();
    std::set<std::string> failed;
    for (const Entry& entry : node.entries) {
      const std::string entry_path = join_path(path, entry.key);
      const Field* field = find(entry.key);
      if (field == nullptr) {
        report_unknown(reader, entry, entry_path);
        continue;
      }
      reader.mark(entry_path, entry.where);
      if (!field->read(reader, entry.value, entry_path, object)) failed.insert(entry.key);
    }
    for (const auto& field : fields_) check_presence(reader, node, path, *field, failed, object);
    return reader.error_count() == errors_before;
  }

  YamlNode write(const Object& object, WriteFor purpose) const {
    YamlNode node = YamlNode::mapping();
    for (const auto& field : fields_) {
      const bool in_use = !field->condition || field->condition(object);
      if (!in_use || !field->present(object)) continue;
      if (purpose == WriteFor::hash && !field->in_hash) continue;
      node.append(field->key, field->write(object, purpose));
    }
    return node;
  }

  void document(const std::string& path, const Object& initial, std::vector<KeyDoc>& docs) const {
    for (KeyDoc doc : loader_keys_) {
      doc.path = join_path(path, doc.path);
      docs.push_back(std::move(doc));
    }
    for (const auto& field : fields_) {
      KeyDoc doc;
      doc.path = join_path(path, field->key);
      doc.description = field->description;
      if (!field->needs.empty()) doc.description += " Only with " + field->needs + ".";
      if (field->required) doc.default_value = "required";
      field->document(std::move(doc), initial, docs);
    }
  }

 private:
  struct Field {
    virtual ~Field() = default;
    virtual bool read(Reader& reader, const YamlNode& node, const std::string& path,
                      Object& object) const = 0;
    virtual YamlNode write(const Object& object, WriteFor purpose) const = 0;
    virtual bool present(const Object& object) const = 0;
    virtual void document(KeyDoc doc, const Object& initial, std::vector<KeyDoc>& docs) const = 0;

    std::string key;
    std::string description;
    bool required = false;
    bool in_hash = true;
    std::string decided_by;
    std::string needs;
    Condition condition;
  };

  template <class Value>
  struct MemberField final : Field {
    bool read(Reader& reader, const YamlNode& node, const std::string& path, Object& object) const override {
      return codec->read(reader, node, path, object.*member);
    }
    YamlNode write(const Object& object, WriteFor purpose) const override {
      return codec->write(object.*member, purpose);
    }
    bool present(const Object& object) const override { return codec->present(object.*member); }
    void document(KeyDoc doc, const Object& initial, std::vector<KeyDoc>& docs) const override {
      codec->document(std::move(doc), initial.*member, docs);
    }

    Value Object::*member = nullptr;
    CodecPtr<Value> codec;
  };

  const Field* find(const std::string& key) const {
    for (const auto& field : fields_) {
      if (field->key == key) return field.get();
    }
    return nullptr;
  }

  void report_unknown(Reader& reader, const Entry& entry, const std::string& path) const {
    std::vector<std::string> allowed;
    for (const KeyDoc& doc : loader_keys_) allowed.push_back(doc.path);
    for (const auto& field : fields_) allowed.push_back(field->key);
    reader.unknown_key(entry, path, allowed);
  }

  static void check_presence(Reader& reader, const YamlNode& node, const std::string& path,
                             const Field& field, const std::set<std::string>& failed, const Object& object) {
    const std::string field_path = join_path(path, field.key);
    const bool given = node.find(field.key) != nullptr;
    // Whether the key is wanted is unknown while the key that decides it is wrong.
    if (failed.count(field.decided_by) != 0) return;
    const bool in_use = !field.condition || field.condition(object);
    if (given && !in_use) {
      reader.error(reader.where(field_path), field_path,
                   fmt::format("has no effect here: it needs {}", field.needs));
    }
    if (field.required && in_use && !given) reader.error(node.where, field_path, "missing; it is required");
  }

  std::vector<KeyDoc> loader_keys_;
  std::vector<std::unique_ptr<Field>> fields_;
};

// A struct inside a struct. The table is shared and immutable.
template <class Object>
class ObjectCodec final : public Codec<Object> {
 public:
  explicit ObjectCodec(const Table<Object>& table) : table_(table) {}

  bool read(Reader& reader, const YamlNode& node, const std::string& path, Object& object) const override {
    return table_.read(reader, node, path, object);
  }
  YamlNode write(const Object& object, WriteFor purpose) const override {
    return table_.write(object, purpose);
  }
  void document(KeyDoc doc, const Object& initial, std::vector<KeyDoc>& docs) const override {
    table_.document(doc.path, initial, docs);
  }

 private:
  const Table<Object>& table_;
};

template <class Object>
CodecPtr<Object> object(const Table<Object>& table) {
  return std::make_shared<ObjectCodec<Object>>(table);
}

}  // namespace weft::config
